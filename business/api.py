"""The API route of the trajectory."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api_permissions import MayReadKpis
from business.indicators import ENROLLMENT
from business.projection import CONFIDENCE
from business.trajectory import Line, trajectory
from core.api_errors import Problem
from kpis.api.response_models import KpiValue
from kpis.api.schemas import ValueSchema
from kpis.definitions.registry import REGISTRY
from kpis.query.query_params import query_of
from kpis.query.query_service import KpiQueryService


class ProjectionSchema(serializers.Serializer[None]):
    value = serializers.FloatField(help_text="Expected value of the open month when it is over.")
    low = serializers.FloatField(help_text="Lower end of the 95% prediction interval.")
    high = serializers.FloatField(help_text="Upper end of the 95% prediction interval.")
    confidence = serializers.FloatField()
    points = serializers.IntegerField(
        help_text="Number of closed months that the line is fitted to."
    )


class LineSchema(serializers.Serializer[None]):
    kpi = serializers.CharField()
    name = serializers.CharField()
    unit = serializers.CharField()
    series = ValueSchema(many=True, help_text="Four closed months and the open month.")
    projection = ProjectionSchema(
        allow_null=True, help_text="Null if one of the closed months shows no value."
    )


class TrajectorySchema(serializers.Serializer[None]):
    period = serializers.ChoiceField(choices=("month",))
    kpis = LineSchema(many=True)


class TrajectoryView(APIView):
    """Enrollment, retention and referral: four closed months, the open month and a projection."""

    permission_classes = (IsAuthenticated, MayReadKpis)

    @extend_schema(
        operation_id="business_trajectory",
        parameters=[OpenApiParameter("course", str, description="Key of a course.")],
        responses={200: TrajectorySchema, **dict.fromkeys((400, 401, 403), Problem)},
    )
    def get(self, request: Request) -> Response:
        reader, query = query_of(request, REGISTRY[ENROLLMENT], names=("course",))
        lines = trajectory(KpiQueryService(reader, query.now), query.scope)
        return Response({"period": "month", "kpis": [_line_json(one) for one in lines]})


def _line_json(line: Line) -> dict[str, Any]:
    return {
        "kpi": line.indicator.key,
        "name": line.indicator.name,
        "unit": line.indicator.unit.key,
        "series": [KpiValue.of(one).as_json() for one in (*line.closed, line.open)],
        "projection": _projection_json(line),
    }


def _projection_json(line: Line) -> dict[str, Any] | None:
    if line.projected is None:
        return None
    unit, projected = line.indicator.unit, line.projected
    return {
        "value": unit.shown(projected.value),
        "low": unit.shown(projected.low),
        "high": unit.shown(projected.high),
        "confidence": CONFIDENCE,
        "points": len(line.closed),
    }
