from __future__ import annotations

from django.contrib import admin

from alerts.models import JudgeRun, Unjudged
from core.admin.view_only import ViewOnlyAdmin


@admin.register(JudgeRun)
class JudgeRunAdmin(ViewOnlyAdmin):
    list_display = ("as_of", "judged", "moves", "seconds")
    date_hierarchy = "as_of"


@admin.register(Unjudged)
class UnjudgedAdmin(ViewOnlyAdmin):
    """What waits to be judged again; what waits for a moment to come is looked at then."""

    list_display = ("kpi", "period_kind", "course", "not_before")
    list_filter = ("kpi", "period_kind", "course")
    list_select_related = ("course",)
