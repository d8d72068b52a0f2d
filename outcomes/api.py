"""The API endpoint of comments."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from pydantic import Field
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.access import MayReadKpis
from core.api_models import ApiModel, json_response, may_be_absent
from kpis.api.csv_response import csv_response
from kpis.api.openapi import query_parameters
from kpis.api.views import CSV, JSON, PROBLEMS
from kpis.definitions.registry import REGISTRY
from kpis.definitions.units import PERCENT, POINTS
from kpis.query.query_params import SCOPE, query_of, wants_csv
from kpis.query.query_service import KpiQueryService
from outcomes.facts.surveys import SATISFACTION
from outcomes.feedback.summary import Feedback, Row, summarize

SUPPRESSED = "suppressed: hidden to protect small groups."


class FeedbackTheme(ApiModel):
    key: str = Field(
        description="Does not change when staff rename the theme. Empty: comments without a theme."
    )
    theme: str
    kpi: str = Field(description="Key of the related KPI.")
    comments: int | None
    share: float | None = Field(description="Percentage of all analyzed comments.")
    trend: float | None = Field(
        description="Share minus the share in the previous period, in percentage points."
    )
    sentiment: float | None = Field(description="Mean, from −100 to 100.")
    unsure: int | None = Field(description="Comments with an unclear sentiment.")
    quotations: list[str]
    status: str = may_be_absent(SUPPRESSED)

    @classmethod
    def of(cls, row: Row) -> FeedbackTheme:
        return cls(
            key=row["key"],
            theme=row["theme"],
            kpi=row["kpi_key"],
            comments=row.get("comments"),
            share=PERCENT.shown(row.get("share")),
            trend=PERCENT.shown(row.get("trend")),
            sentiment=POINTS.shown(row.get("sentiment")),
            unsure=row.get("unsure"),
            quotations=row["quotations"],
            **_status(row),
        )


class FeedbackLanguage(ApiModel):
    language: str
    comments: int | None
    status: str = may_be_absent(SUPPRESSED)

    @classmethod
    def of(cls, row: Row) -> FeedbackLanguage:
        return cls(language=row["language"], comments=row.get("comments"), **_status(row))


class FeedbackTestimonial(ApiModel):
    text: str
    course: str
    answered_at: datetime


class FeedbackAnswer(ApiModel):
    period_start: datetime
    period_end: datetime
    tz: str
    comments: int | None = Field(description="In all languages.")
    themes: list[FeedbackTheme]
    languages: list[FeedbackLanguage]
    testimonials: list[FeedbackTestimonial]

    @classmethod
    def of(cls, feedback: Feedback) -> FeedbackAnswer:
        return cls(
            period_start=feedback.period.start,
            period_end=feedback.period.whole_end,
            tz=feedback.period.zone.key,
            comments=feedback.comments,
            themes=[FeedbackTheme.of(row) for row in feedback.themes],
            languages=[FeedbackLanguage.of(row) for row in feedback.languages],
            testimonials=[FeedbackTestimonial(**row) for row in feedback.testimonials],
        )


def _status(row: Row) -> dict[str, Any]:
    return {"status": "suppressed"} if row.get("is_hidden") else {}


class FeedbackView(APIView):
    """The themes, languages and testimonials of learners' comments in one period."""

    permission_classes = (IsAuthenticated, MayReadKpis)

    @extend_schema(
        operation_id="outcome_feedback",
        parameters=query_parameters([name for name in SCOPE if name != "module"]),
        responses={(200, JSON): FeedbackAnswer, (200, CSV): str, **PROBLEMS},
    )
    def get(self, request: Request) -> HttpResponse:
        reader, query = query_of(request, REGISTRY[SATISFACTION], names=SCOPE)
        answer = FeedbackAnswer.of(summarize(KpiQueryService(reader, query.now), query))
        if not wants_csv(request):
            return json_response(answer)
        rows = [one.as_json() | {"quotations": " | ".join(one.quotations)} for one in answer.themes]
        columns = [name for name in FeedbackTheme.model_fields if name != "status"]
        return csv_response(rows, "outcome-feedback.csv", columns)
