"""The calendar of periods, so that other tools group as the product does."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from drf_spectacular.utils import extend_schema
from pydantic import Field
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import ApiKey
from accounts.reader import Reader
from core import reporting_clock
from core.api_models import ApiModel, json_response
from core.cacheable import cacheable
from kpis.api.openapi import query_parameters
from kpis.api.views import PROBLEMS
from kpis.definitions.periods import KINDS, Period
from kpis.query.query_params import reader_and_query, reject_unknown

PARAMETERS = ("period", "from", "to")
State = Literal["open", "provisional", "closed", "future"]


class MayReadPeriods(BasePermission):
    message = (
        "This account or key may not read periods. An account needs a course grant, "
        "a key the scope kpis:read or facts:read."
    )

    def has_permission(self, request: Request, view: APIView) -> bool:
        principal: object = request.user
        is_export = isinstance(principal, ApiKey) and principal.may(ApiKey.Scope.FACTS_READ)
        return is_export or Reader.of(request.user).reads_kpis


class CalendarPeriod(ApiModel):
    period_kind: str = Field(description="Such as week.")
    period_start: date = Field(description="First day.")
    last_day: date
    starts_at: datetime = Field(description="First moment.")
    ends_at: datetime = Field(description="First moment after the period.")
    state: str = Field(
        description="open, provisional (late data may still change it), closed or future."
    )
    label: str = Field(description="ISO label, such as 2026-11-22, 2026-W47, 2026-11 or 2026-Q4.")

    @classmethod
    def of(cls, period: Period, now: datetime) -> CalendarPeriod:
        return cls(
            period_kind=period.kind,
            period_start=period.first,
            last_day=period.last,
            starts_at=period.start,
            ends_at=period.whole_end,
            state=state_of(period, now),
            label=period.label,
        )


class Calendar(ApiModel):
    tz: str = Field(description="IANA time zone of the periods.")
    kinds: list[str]
    periods: list[CalendarPeriod]


class PeriodListView(APIView):
    """Periods of one kind in the site's time zone: the latest, or those of the days given."""

    permission_classes = (IsAuthenticated, MayReadPeriods)

    @extend_schema(
        operation_id="period_list",
        parameters=query_parameters(PARAMETERS),
        responses={200: Calendar, **PROBLEMS},
    )
    @cacheable
    def get(self, request: Request) -> Response:
        reject_unknown(request, PARAMETERS)
        _, query = reader_and_query(request)
        periods = [CalendarPeriod.of(one, query.now) for one in query.periods]
        zone = reporting_clock.reporting_zone().key
        return json_response(Calendar(tz=zone, kinds=list(KINDS), periods=periods))


def state_of(period: Period, now: datetime) -> State:
    if not period.has_begun(now):
        return "future"
    if period.is_open(now):
        return "open"
    return "closed" if period.is_closed(now, reporting_clock.close_lag()) else "provisional"
