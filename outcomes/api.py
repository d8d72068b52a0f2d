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


class ThemeSchema(serializers.Serializer[None]):
    key = serializers.CharField(help_text="Stays when staff rename it; empty: none of them.")
    theme = serializers.CharField()
    kpi = serializers.CharField(help_text="Key of the KPI that it goes with.")
    comments = serializers.IntegerField(allow_null=True)
    share = serializers.FloatField(allow_null=True, help_text="Of the comments read, percent.")
    trend = serializers.FloatField(
        allow_null=True, help_text="Share less that of the period before, in percentage points."
    )
    sentiment = serializers.FloatField(allow_null=True, help_text="Mean, −100 to 100.")
    unsure = serializers.IntegerField(allow_null=True, help_text="Comments without a sentiment.")
    quotations = serializers.ListField(child=serializers.CharField())
    status = serializers.CharField(required=False, help_text="suppressed: hidden.")


class LanguageSchema(serializers.Serializer[None]):
    language = serializers.CharField()
    comments = serializers.IntegerField(allow_null=True)
    status = serializers.CharField(required=False, help_text="suppressed: hidden.")


class TestimonialSchema(serializers.Serializer[None]):
    text = serializers.CharField()
    course = serializers.CharField()
    answered_at = serializers.DateTimeField()


class FeedbackSchema(serializers.Serializer[None]):
    period_start = serializers.DateTimeField()
    period_end = serializers.DateTimeField()
    tz = serializers.CharField()
    comments = serializers.IntegerField(allow_null=True, help_text="In every language.")
    themes = ThemeSchema(many=True)
    languages = LanguageSchema(many=True)
    testimonials = TestimonialSchema(many=True)


class FeedbackView(APIView):
    """What learners wrote: themes, moods, languages and testimonials of one period."""

    permission_classes = (IsAuthenticated, MayReadKpis)

    @extend_schema(
        operation_id="outcome_feedback",
        parameters=PARTS,
        responses={(200, JSON): FeedbackSchema, (200, CSV): str, **PROBLEMS},
    )
    def get(self, request: Request) -> HttpResponse:
        reader, question = query_of(request, REGISTRY[SATISFACTION], names=SCOPE)
        told = summarize(KpiQueryService(reader, question.now), question)
        rows = [_theme(row) for row in told.themes]
        if wants_csv(request):
            flat = [row | {"quotations": " | ".join(row["quotations"])} for row in rows]
            return csv_response(flat, "outcome-feedback.csv", [*FIELDS, "quotations"])
        return Response(_body(told, rows))


def _body(told: Feedback, rows: list[Row]) -> Row:
    return {
        "period_start": told.period.start,
        "period_end": told.period.whole_end,
        "tz": told.period.zone.key,
        "comments": told.comments,
        "themes": rows,
        "languages": [
            {name: row.get(name) for name in ("language", "comments")} | _status(row)
            for row in told.languages
        ],
        "testimonials": list(told.testimonials),
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
