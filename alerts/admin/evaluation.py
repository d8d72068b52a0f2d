from __future__ import annotations

from django.contrib import admin

from alerts.models import EvaluationRun, PendingEvaluation
from core.admin.view_only import ReadOnlyAdmin


@admin.register(EvaluationRun)
class JudgeRunAdmin(ReadOnlyAdmin):
    list_display = ("as_of", "judged", "moves", "seconds")
    date_hierarchy = "as_of"


@admin.register(PendingEvaluation)
class UnjudgedAdmin(ReadOnlyAdmin):
    """What waits to be judged again; what waits for a moment to come is looked at then."""

    list_display = ("kpi", "period_kind", "course", "not_before")
    list_filter = ("kpi", "period_kind", "course")
    list_select_related = ("course",)
