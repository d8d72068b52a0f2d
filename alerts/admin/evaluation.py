"""The log of evaluations, and what waits to be evaluated."""

from __future__ import annotations

from django.contrib import admin

from alerts.models import EvaluationRun, PendingEvaluation
from core.admin.view_only import ReadOnlyAdmin


@admin.register(EvaluationRun)
class EvaluationRunAdmin(ReadOnlyAdmin):
    list_display = ("as_of", "cases", "events", "seconds")
    date_hierarchy = "as_of"


@admin.register(PendingEvaluation)
class PendingEvaluationAdmin(ReadOnlyAdmin):
    list_display = ("kpi", "period_kind", "course", "not_before")
    list_filter = ("kpi", "period_kind", "course")
    list_select_related = ("course",)
