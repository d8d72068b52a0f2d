"""The API endpoint of the trajectory."""

from __future__ import annotations

from typing import Any, Literal

from drf_spectacular.utils import OpenApiParameter, extend_schema
from pydantic import Field
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access import MayReadKpis
from business.indicators import ENROLLMENT
from business.projection import CONFIDENCE
from business.trajectory import Line, trajectory
from core.api_errors import Problem
from core.api_models import ApiModel, json_response
from kpis.api.response_models import KpiValue
from kpis.definitions.registry import REGISTRY
from kpis.query.query_params import query_of
from kpis.query.query_service import KpiQueryService


class TrajectoryProjection(ApiModel):
    value: float = Field(description="Expected value of the open month when it is over.")
    low: float = Field(description="Lower end of the 95% prediction interval.")
    high: float = Field(description="Upper end of the 95% prediction interval.")
    confidence: float
    points: int = Field(description="Number of closed months that the line is fitted to.")

    @classmethod
    def of(cls, line: Line) -> TrajectoryProjection | None:
        if line.projected is None:
            return None
        in_unit: dict[str, Any] = {
            name: line.indicator.unit.shown(getattr(line.projected, name))
            for name in ("value", "low", "high")
        }
        return cls(**in_unit, confidence=CONFIDENCE, points=len(line.closed))


class TrajectoryLine(ApiModel):
    kpi: str
    name: str
    unit: str
    series: list[KpiValue] = Field(description="Four closed months and the open month.")
    projection: TrajectoryProjection | None = Field(
        description="Null if one of the closed months shows no value."
    )

    @classmethod
    def of(cls, line: Line) -> TrajectoryLine:
        return cls(
            kpi=line.indicator.key,
            name=line.indicator.name,
            unit=line.indicator.unit.key,
            series=[KpiValue.of(one) for one in (*line.closed, line.open)],
            projection=TrajectoryProjection.of(line),
        )


class Trajectory(ApiModel):
    period: Literal["month"]
    kpis: list[TrajectoryLine]


class TrajectoryView(APIView):
    """Enrollment, retention and referral: four closed months, the open month and a projection."""

    permission_classes = (IsAuthenticated, MayReadKpis)

    @extend_schema(
        operation_id="business_trajectory",
        parameters=[OpenApiParameter("course", str, description="Key of a course.")],
        responses={200: Trajectory, **dict.fromkeys((400, 401, 403), Problem)},
    )
    def get(self, request: Request) -> Response:
        reader, query = query_of(request, REGISTRY[ENROLLMENT], names=("course",))
        lines = trajectory(KpiQueryService(reader, query.now), query.scope)
        return json_response(
            Trajectory(period="month", kpis=[TrajectoryLine.of(one) for one in lines])
        )
