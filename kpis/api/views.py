"""KPIs and their drill-downs as JSON and CSV."""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api_permissions import MayReadKpis
from accounts.audit import Action, record
from core.api_errors import InvalidParameters, Problem
from core.api_models import json_response
from core.cacheable import cacheable
from curriculum.models import Learner
from kpis.api.csv_response import csv_response
from kpis.api.openapi import query_parameters
from kpis.api.response_models import (
    DrillDownTable,
    KpiAnswer,
    KpiDescription,
    KpiDescriptions,
    result_rows,
    table_rows,
)
from kpis.definitions.registry import REGISTRY, DrillDown, Indicator
from kpis.query import suppressed_tables
from kpis.query.kpi_query import KpiQuery
from kpis.query.query_params import ALL, SCOPE, query_of, reject_unknown, wants_csv
from kpis.query.query_service import KpiQueryService
from kpis.query.targets import TargetHistory

JSON, CSV = "application/json", "text/csv"
PROBLEMS = dict.fromkeys((400, 401, 403, 404), Problem)


class KpiListView(APIView):
    """Every KPI with its definition, unit, target and URL."""

    permission_classes = (IsAuthenticated, MayReadKpis)

    @extend_schema(operation_id="kpi_list", responses={200: KpiDescriptions, **PROBLEMS})
    @cacheable
    def get(self, request: Request) -> Response:
        reject_unknown(request, ())
        targets, today = TargetHistory.load(), timezone.localdate()
        described = [
            KpiDescription.of(one, targets.in_force(one.key, None, today))
            for one in REGISTRY.values()
        ]
        return json_response(KpiDescriptions(described))


class KpiView(APIView):
    """One KPI over periods, as JSON or CSV."""

    permission_classes = (IsAuthenticated, MayReadKpis)

    @extend_schema(
        operation_id="kpi_read",
        parameters=query_parameters(ALL),
        responses={(200, JSON): KpiAnswer, (200, CSV): str, **PROBLEMS},
    )
    @cacheable
    def get(self, request: Request, category: str, slug: str) -> HttpResponse:
        indicator = indicator_at(category, slug)
        reader, query = query_of(request, indicator)
        is_csv = wants_csv(request)
        if query.by is None and not is_csv:
            query = replace(query, by=indicator.always_by)
        result = KpiQueryService(reader, query.now).ask(indicator, query)
        note_chosen_learners(request, query, groups=len(result.groups))
        if is_csv:
            return csv_response(result_rows(result), f"{category}-{slug}.csv")
        return json_response(KpiAnswer.of(result))


class DrillDownView(APIView):
    """A drill-down of a KPI, for the days from `from` to `to` or the last period that is over."""

    permission_classes = (IsAuthenticated, MayReadKpis)

    @extend_schema(
        operation_id="kpi_drill_down",
        parameters=query_parameters(SCOPE),
        responses={(200, JSON): DrillDownTable, (200, CSV): str, **PROBLEMS},
    )
    @cacheable
    def get(self, request: Request, category: str, slug: str, drill: str) -> HttpResponse:
        indicator = indicator_at(category, slug)
        found = drill_down_at(indicator, drill)
        reader, query = query_of(request, indicator, names=SCOPE)
        if reader.is_limited_to_run(query.scope.course_ids) and not found.has_runs:
            raise InvalidParameters(f"{found.name} cannot be filtered by run.", "run")
        period, table = suppressed_tables.suppressed_table(
            found, indicator, query, KpiQueryService(reader, query.now)
        )
        note_chosen_learners(request, query)
        if wants_csv(request):
            columns = [column.key for column in table.columns]
            return csv_response(table_rows(table), f"{category}-{slug}-{drill}.csv", columns)
        return json_response(DrillDownTable.of(indicator, found, table, period))


class ApiNotFoundView(APIView):
    """Any URL under /api/ that does not exist."""

    schema = None

    def get(self, request: Request, *_: object) -> Response:
        raise NotFound(f"Nothing is at {request.path}. See /api/docs.")

    post = put = patch = delete = get


def note_chosen_learners(request: Request, query: KpiQuery, *, groups: int = 0) -> None:
    """Record whose figures are read, if they are those of learners one by one or of chosen ones."""
    action = Action.EXPORTED if wants_csv(request) else Action.VIEWED
    count = groups if query.by == "learner" else len(query.scope.learner_ids or ())
    record(request, action, about=Learner, count=count)


def indicator_at(category: str, slug: str) -> Indicator:
    indicator = REGISTRY.get(f"{category}.{slug}")
    if indicator is None:
        keys = ", ".join(key.replace(".", "/") for key in REGISTRY)
        raise NotFound(f"Unknown KPI “{category}/{slug}”. Available: {keys}.")
    return indicator


def drill_down_at(indicator: Indicator, key: str) -> DrillDown:
    found = indicator.drill_downs.get(key)
    if found is None:
        keys = ", ".join(indicator.drill_downs) or "none"
        raise NotFound(f"{indicator.name} has no drill-down “{key}”. Available: {keys}.")
    return found
