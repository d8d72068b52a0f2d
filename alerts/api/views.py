"""The alert API: the list, one alert with its history, and the actions."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from accounts.api_permissions import MayReadKpis
from accounts.models import User
from alerts import actions
from alerts.api import request_bodies as bodies
from alerts.api.permissions import MayActOnAlerts, service_of, signed, user_of
from alerts.api.response_models import AlertDetail, AlertList, models_of
from alerts.audience import owners
from alerts.models import Alert, Severity
from alerts.pages.alert_list import STATES, AlertFilterForm, cards, with_position
from alerts.pages.alert_page import AlertPage
from alerts.pages.forms import MAX_SNOOZE
from alerts.pages.views import alert_of
from core.api_errors import InvalidParameters, invalid_parameters
from core.api_models import json_response
from core.cursor_pages import CursorPages
from kpis.api.views import PROBLEMS
from kpis.query.query_params import check_limit, reject_unknown

FILTERS = [
    OpenApiParameter("state", str, enum=[one for one, _ in STATES], description="Default: open."),
    OpenApiParameter("severity", str, enum=Severity.values),
    OpenApiParameter("course", str, description="Key of a course."),
    OpenApiParameter("kpi", str, description="Key of a KPI, such as engagement.depth."),
    OpenApiParameter("owner", str, description="E-mail address, “me” (accounts only) or “none”."),
    OpenApiParameter("q", str, description="Words of the title, note or owner; all must match."),
    OpenApiParameter("cursor", str, description="From `next` or `previous`."),
    OpenApiParameter("limit", int, description="Alerts per page. Default: 25, maximum: 100."),
]


class Closed(APIException):
    """The alert was closed meanwhile."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "closed"


class AlertPages(CursorPages):
    """Cursor pages, which stay stable when alerts close between requests."""

    page_size = 25
    max_page_size = 100
    ordering: tuple[str, ...] = ("position",)
    count = 0

    def paginate_queryset(
        self, queryset: Any, request: Request, view: Any = None
    ) -> list[Any] | None:
        self.count = queryset.count()
        return super().paginate_queryset(queryset, request, view)

    def get_paginated_response(self, data: Any) -> Response:
        response = super().get_paginated_response(data)
        return Response({"count": self.count, **response.data})


class AlertListView(APIView):
    """List alerts, the most severe first, then the latest."""

    permission_classes = (IsAuthenticated, MayReadKpis)

    @extend_schema(
        operation_id="alert_list",
        parameters=FILTERS,
        responses={200: AlertList, **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        reject_unknown(request, [one.name for one in FILTERS])
        check_limit(request, AlertPages.max_page_size)
        service, user = service_of(request), user_of(request)
        form = AlertFilterForm(request.query_params, service=service, user=user)
        if not form.is_valid():
            raise invalid_parameters(form)
        pages = AlertPages()
        found = pages.paginate_queryset(with_position(form.rows()), request, self)
        shown = models_of(cards(found or [], service))
        return pages.get_paginated_response([one.as_json() for one in shown])


class AlertView(APIView):
    """Return one alert with its history."""

    permission_classes = (IsAuthenticated, MayReadKpis)

    @extend_schema(operation_id="alert_read", responses={200: AlertDetail, **PROBLEMS})
    def get(self, request: Request, pk: str) -> Response:
        reject_unknown(request, ())
        service = service_of(request)
        page = AlertPage(service, alert_of(service.reader, int(pk)))
        return json_response(AlertDetail.of(page))


class ActionView(APIView):
    """Perform an action on an alert and return the alert."""

    permission_classes = (IsAuthenticated, MayReadKpis, MayActOnAlerts)
    body: ClassVar[type[Serializer[None]]]

    def perform(self, alert: Alert, given: dict[str, Any], request: Request) -> None:
        raise NotImplementedError

    def post(self, request: Request, pk: str) -> Response:
        service = service_of(request)
        alert = alert_of(service.reader, int(pk))
        sent = self.body(data=request.data)
        sent.is_valid(raise_exception=True)
        try:
            self.perform(alert, sent.validated_data, request)
        except ValidationError as error:
            raise _api_error(error) from None
        page = AlertPage(service, alert_of(service.reader, alert.pk))
        return json_response(AlertDetail.of(page))


def _described(action: str, body: type[Serializer[None]]) -> Any:
    responses = {200: AlertDetail, **PROBLEMS, 409: PROBLEMS[400]}
    schema = extend_schema(operation_id=f"alert_{action}", request=body, responses=responses)
    return extend_schema_view(post=schema)


@_described("acknowledge", bodies.AcknowledgeBody)
class AcknowledgeView(ActionView):
    """Acknowledge an alert and set its owner."""

    body = bodies.AcknowledgeBody

    def perform(self, alert: Alert, given: dict[str, Any], request: Request) -> None:
        owner = _owner(alert, given["owner"]) if given.get("owner") else None
        note = signed(given["note"], request)
        actions.acknowledge(alert, by=user_of(request), owner=owner, note=note)


@_described("snooze", bodies.SnoozeBody)
class SnoozeView(ActionView):
    """Mute an alert until a moment."""

    body = bodies.SnoozeBody

    def perform(self, alert: Alert, given: dict[str, Any], request: Request) -> None:
        until = given["until"]
        if until > timezone.now() + MAX_SNOOZE:
            raise InvalidParameters("The snooze must end within a year.", "until")
        reason = signed(given["reason"], request)
        actions.snooze(alert, by=user_of(request), until=until, reason=reason)


@_described("unsnooze", bodies.EmptyBody)
class UnsnoozeView(ActionView):
    """End the snooze of an alert."""

    body = bodies.EmptyBody

    def perform(self, alert: Alert, given: dict[str, Any], request: Request) -> None:
        actions.unsnooze(alert, by=user_of(request))


@_described("comment", bodies.CommentBody)
class CommentView(ActionView):
    """Add a comment to the history of an open or closed alert."""

    body = bodies.CommentBody

    def perform(self, alert: Alert, given: dict[str, Any], request: Request) -> None:
        actions.comment(alert, by=user_of(request), text=signed(given["text"], request))


@_described("close", bodies.CloseBody)
class CloseView(ActionView):
    """Close an alert although its condition holds."""

    body = bodies.CloseBody

    def perform(self, alert: Alert, given: dict[str, Any], request: Request) -> None:
        reason = signed(given["reason"], request)
        actions.close_as_expected(alert, by=user_of(request), reason=reason)


ACTIONS = {
    "acknowledge": AcknowledgeView,
    "snooze": SnoozeView,
    "unsnooze": UnsnoozeView,
    "comment": CommentView,
    "close": CloseView,
}


def _owner(alert: Alert, email: str) -> User:
    owner = owners(alert).filter(email__iexact=email).first()
    if owner is None:
        raise InvalidParameters(f"No account {email} may see this alert.", "owner")
    return owner


def _api_error(error: ValidationError) -> APIException:
    sentence = " ".join(error.messages)
    return (
        Closed(sentence) if getattr(error, "code", "") == "closed" else InvalidParameters(sentence)
    )
