"""The adjustment API: the list, one adjustment with its history, and the decisions."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils.translation import gettext
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from accounts.api_permissions import MayReadKpis, ScopeOrPermission
from accounts.models import ApiKey, User
from alerts.api.permissions import service_of, user_of
from alerts.api.views import AlertPages
from core.api_errors import InvalidParameters, invalid_parameters
from core.api_models import json_response
from improvement import decisions
from improvement.api import request_bodies as bodies
from improvement.api.filters import STATUSES, AdjustmentFilterForm
from improvement.api.response_models import AdjustmentDetail, AdjustmentList, models_of
from improvement.models import Adjustment
from improvement.suppressed_adjustments import ShownAdjustment
from kpis.api.views import PROBLEMS
from kpis.query.query_params import check_limit, reject_unknown
from kpis.query.query_service import KpiQueryService

FILTERS = [
    OpenApiParameter("status", str, enum=STATUSES, description="“open”: not closed. Default: all."),
    OpenApiParameter("course", str, description="Key of a course."),
    OpenApiParameter("parameter", str, description="Key of a parameter."),
    OpenApiParameter("kpi", str, description="Key of a KPI, such as engagement.depth."),
    OpenApiParameter("cursor", str, description="From `next` or `previous`."),
    OpenApiParameter("limit", int, description="Adjustments per page. Default: 25, at most 100."),
]
RELATED = (
    "alert__rule", "change__parameter", "course", "decided_by", "parameter__course",
    "parameter__module", "parameter__run", "proposed_by", "rule",
)  # fmt: skip


class Decided(APIException):
    """Somebody else decided about the adjustment meanwhile."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "decided"


class MayDecide(ScopeOrPermission):
    message = (
        "Deciding about adjustments requires the permission “Can approve, reject, keep and revert "
        "adjustments”, or an API key with the scope adjustments:write."
    )
    scope, permission = ApiKey.Scope.ADJUSTMENTS_WRITE, "improvement.decide_adjustment"


class AdjustmentPages(AlertPages):
    """Cursor pages, the latest proposal first."""

    ordering = ("-proposed_at", "-pk")


class AdjustmentListView(APIView):
    """List adjustments, the latest first."""

    permission_classes = (IsAuthenticated, MayReadKpis)

    @extend_schema(
        operation_id="adjustment_list",
        parameters=FILTERS,
        responses={200: AdjustmentList, **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        reject_unknown(request, [one.name for one in FILTERS])
        check_limit(request, AdjustmentPages.max_page_size)
        service = service_of(request)
        form = AdjustmentFilterForm(request.query_params, reader=service.reader)
        if not form.is_valid():
            raise invalid_parameters(form)
        pages = AdjustmentPages()
        found = pages.paginate_queryset(form.rows().select_related(*RELATED), request, self)
        shown = models_of(ShownAdjustment(one, service) for one in found or [])
        return pages.get_paginated_response([one.as_json() for one in shown])


class AdjustmentView(APIView):
    """Return one adjustment with its history."""

    permission_classes = (IsAuthenticated, MayReadKpis)

    @extend_schema(operation_id="adjustment_read", responses={200: AdjustmentDetail, **PROBLEMS})
    def get(self, request: Request, pk: str) -> Response:
        reject_unknown(request, ())
        return json_response(AdjustmentDetail.of(_shown(service_of(request), int(pk))))


class DecisionView(APIView):
    """Decide about an adjustment and return it."""

    permission_classes = (IsAuthenticated, MayReadKpis, MayDecide)
    body: ClassVar[type[Serializer[None]]]

    def decide(self, adjustment: Adjustment, by: User | None, given: dict[str, Any]) -> None:
        raise NotImplementedError

    def post(self, request: Request, pk: str) -> Response:
        service = service_of(request)
        adjustment = _shown(service, int(pk)).adjustment
        sent = self.body(data=request.data)
        sent.is_valid(raise_exception=True)
        given = dict(sent.validated_data)
        given["expected_version"] = given.pop("version", None)
        given["reason"] = _signed(given["reason"], request)
        try:
            self.decide(adjustment, user_of(request), given)
        except ValidationError as error:
            raise _api_error(error) from None
        return json_response(AdjustmentDetail.of(_shown(service, adjustment.pk)))


def _described(decision: str, body: type[Serializer[None]]) -> Any:
    responses = {200: AdjustmentDetail, **PROBLEMS, 409: PROBLEMS[400]}
    schema = extend_schema(operation_id=f"adjustment_{decision}", request=body, responses=responses)
    return extend_schema_view(post=schema)


@_described("approve", bodies.ApproveBody)
class ApproveView(DecisionView):
    """Apply the proposed value, from now on or from a later moment."""

    body = bodies.ApproveBody

    def decide(self, adjustment: Adjustment, by: User | None, given: dict[str, Any]) -> None:
        decisions.approve(adjustment, by, **given)


@_described("reject", bodies.ReasonedBody)
class RejectView(DecisionView):
    """Reject a proposal."""

    body = bodies.ReasonedBody

    def decide(self, adjustment: Adjustment, by: User | None, given: dict[str, Any]) -> None:
        decisions.reject(adjustment, by, **given)


@_described("keep", bodies.DecisionBody)
class KeepView(DecisionView):
    """Keep an applied change."""

    body = bodies.DecisionBody

    def decide(self, adjustment: Adjustment, by: User | None, given: dict[str, Any]) -> None:
        decisions.keep(adjustment, by, **given)


@_described("revert", bodies.ReasonedBody)
class RevertView(DecisionView):
    """Set the value from before the change again."""

    body = bodies.ReasonedBody

    def decide(self, adjustment: Adjustment, by: User | None, given: dict[str, Any]) -> None:
        decisions.revert(adjustment, by, **given)


DECISIONS = {
    "approve": ApproveView,
    "reject": RejectView,
    "keep": KeepView,
    "revert": RevertView,
}


def _shown(service: KpiQueryService, pk: int) -> ShownAdjustment:
    """Http404 for an adjustment that does not exist or that the reader may not see."""
    rows = Adjustment.objects.visible_to(service.reader).select_related(*RELATED)
    found = rows.filter(pk=pk).first()
    if found is None:
        raise Http404(gettext("Unknown adjustment %(pk)s.") % {"pk": pk})
    return ShownAdjustment(found, service)


def _signed(reason: str, request: Request) -> str:
    """Append the name of the API key, which the history cannot show as a user."""
    principal: object = request.user
    by = f"(API key {principal})" if isinstance(principal, ApiKey) else ""
    return f"{reason} {by}".strip()


def _api_error(error: ValidationError) -> APIException:
    sentence = " ".join(error.messages)
    is_stale = getattr(error, "code", "") == "decided"
    return Decided(sentence) if is_stale else InvalidParameters(sentence)
