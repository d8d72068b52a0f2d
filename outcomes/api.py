from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access import MayReadKpis
from kpis.api.csv_response import csv_response
from kpis.api.openapi import query_parameters
from kpis.api.views import CSV, JSON, PROBLEMS
from kpis.definitions.registry import REGISTRY
from kpis.definitions.units import PERCENT, POINTS
from kpis.query.query_params import SCOPE, query_of, wants_csv
from kpis.query.query_service import KpiQueryService
from outcomes.facts.surveys import SATISFACTION
from outcomes.feedback.summary import Feedback, Row, summarize

FIELDS = ("key", "theme", "kpi", "comments", "share", "trend", "sentiment", "unsure")
PARTS = query_parameters([name for name in SCOPE if name != "module"])


SUPPRESSED = "suppressed: hidden to protect small groups."


class ThemeSchema(serializers.Serializer[None]):
    key = serializers.CharField(
        help_text="Does not change when staff rename the theme. Empty: comments without a theme."
    )
    theme = serializers.CharField()
    kpi = serializers.CharField(help_text="Key of the related KPI.")
    comments = serializers.IntegerField(allow_null=True)
    share = serializers.FloatField(
        allow_null=True, help_text="Percentage of all analyzed comments."
    )
    trend = serializers.FloatField(
        allow_null=True,
        help_text="Share minus the share in the previous period, in percentage points.",
    )
    sentiment = serializers.FloatField(allow_null=True, help_text="Mean, from −100 to 100.")
    unsure = serializers.IntegerField(
        allow_null=True, help_text="Comments with an unclear sentiment."
    )
    quotations = serializers.ListField(child=serializers.CharField())
    status = serializers.CharField(required=False, help_text=SUPPRESSED)


class LanguageSchema(serializers.Serializer[None]):
    language = serializers.CharField()
    comments = serializers.IntegerField(allow_null=True)
    status = serializers.CharField(required=False, help_text=SUPPRESSED)


class TestimonialSchema(serializers.Serializer[None]):
    text = serializers.CharField()
    course = serializers.CharField()
    answered_at = serializers.DateTimeField()


class FeedbackSchema(serializers.Serializer[None]):
    period_start = serializers.DateTimeField()
    period_end = serializers.DateTimeField()
    tz = serializers.CharField()
    comments = serializers.IntegerField(allow_null=True, help_text="In all languages.")
    themes = ThemeSchema(many=True)
    languages = LanguageSchema(many=True)
    testimonials = TestimonialSchema(many=True)


class FeedbackView(APIView):
    """The themes, languages and testimonials of learners' comments in one period."""

    permission_classes = (IsAuthenticated, MayReadKpis)

    @extend_schema(
        operation_id="outcome_feedback",
        parameters=PARTS,
        responses={(200, JSON): FeedbackSchema, (200, CSV): str, **PROBLEMS},
    )
    def get(self, request: Request) -> HttpResponse:
        reader, query = query_of(request, REGISTRY[SATISFACTION], names=SCOPE)
        feedback = summarize(KpiQueryService(reader, query.now), query)
        rows = [_theme(row) for row in feedback.themes]
        if wants_csv(request):
            flat = [row | {"quotations": " | ".join(row["quotations"])} for row in rows]
            return csv_response(flat, "outcome-feedback.csv", [*FIELDS, "quotations"])
        return Response(_body(feedback, rows))


def _body(feedback: Feedback, rows: list[Row]) -> Row:
    return {
        "period_start": feedback.period.start,
        "period_end": feedback.period.whole_end,
        "tz": feedback.period.zone.key,
        "comments": feedback.comments,
        "themes": rows,
        "languages": [
            {name: row.get(name) for name in ("language", "comments")} | _status(row)
            for row in feedback.languages
        ],
        "testimonials": list(feedback.testimonials),
    }


def _theme(row: Row) -> Row:
    return {
        **{name: row.get(name) for name in FIELDS},
        "kpi": row["kpi_key"],
        "share": PERCENT.shown(row.get("share")),
        "trend": PERCENT.shown(row.get("trend")),
        "sentiment": POINTS.shown(row.get("sentiment")),
        "quotations": row["quotations"],
        **_status(row),
    }


def _status(row: Row) -> dict[str, Any]:
    return {"status": "suppressed"} if row.get("is_hidden") else {}
