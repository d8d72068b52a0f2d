from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access import MayReadKpis
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
    value = serializers.FloatField(help_text="Expected in the open month, once it is over.")
    low = serializers.FloatField(help_text="95% prediction interval, lower end.")
    high = serializers.FloatField()
    confidence = serializers.FloatField()
    points = serializers.IntegerField(help_text="Closed months that the line goes through.")


class LineSchema(serializers.Serializer[None]):
    kpi = serializers.CharField()
    name = serializers.CharField()
    unit = serializers.CharField()
    series = ValueSchema(many=True, help_text="Four closed months and the open one.")
    projection = ProjectionSchema(
        allow_null=True, help_text="Null where one of the closed months shows no value."
    )


class TrajectorySchema(serializers.Serializer[None]):
    period = serializers.ChoiceField(choices=("month",))
    kpis = LineSchema(many=True)


class TrajectoryView(APIView):
    """Enrolment, retention and referral: four closed months, the open one, a projection."""

    permission_classes = (IsAuthenticated, MayReadKpis)

    @extend_schema(
        operation_id="business_trajectory",
        parameters=[OpenApiParameter("course", str, description="Key of a course.")],
        responses={200: TrajectorySchema, **dict.fromkeys((400, 401, 403), Problem)},
    )
    def get(self, request: Request) -> Response:
        reader, question = query_of(request, REGISTRY[ENROLLMENT], names=("course",))
        lines = trajectory(KpiQueryService(reader, question.now), question.scope)
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
    unit, there = line.indicator.unit, line.projected
    return {
        "value": unit.shown(there.value),
        "low": unit.shown(there.low),
        "high": unit.shown(there.high),
        "confidence": CONFIDENCE,
        "points": len(line.closed),
    }
