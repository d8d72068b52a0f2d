from __future__ import annotations

from django.contrib import admin

from core.admin.view_only import ReadOnlyAdmin
from kpis.admin.measurements import value_of
from kpis.admin.small_groups import FiguresOfAnyGroup
from kpis.models import (
    DataFreshness,
    RecomputeRun,
    Restatement,
    StaleDay,
    StalePeriod,
    Verification,
)
from kpis.recompute import stale_periods


@admin.register(Restatement)
class RestatementAdmin(FiguresOfAnyGroup, ReadOnlyAdmin):
    list_display = ("measurement", "said", "n", "learners", "computed_at", "restated_at")
    list_filter = ("measurement__period_kind", "measurement__scope", "measurement__course")
    list_select_related = ("measurement",)
    date_hierarchy = "restated_at"
    search_fields = ("measurement__kpi", "measurement__course__key")

    @admin.display
    def said(self, row: Restatement) -> str:
        return value_of(row, row.measurement.kpi)


@admin.register(DataFreshness)
class FeedAdmin(ReadOnlyAdmin):
    """How far the data reach: what is old here is stale on the dashboard."""

    list_display = ("category", "course", "data_through", "received_at")
    list_filter = ("category", "course")
    list_select_related = ("course",)
    date_hierarchy = "data_through"
    ordering = ("data_through",)


@admin.register(RecomputeRun)
class MeasureRunAdmin(ReadOnlyAdmin):
    list_display = ("as_of", "cells", "seconds")
    date_hierarchy = "as_of"


@admin.register(Verification)
class VerificationAdmin(FiguresOfAnyGroup, ReadOnlyAdmin):
    """Each night's sample of stored figures, compared with their facts."""

    list_display = ("as_of", "sample", "corrected")
    date_hierarchy = "as_of"


@admin.register(StaleDay)
class DirtyDayAdmin(ReadOnlyAdmin):
    """What waits to be measured again; empty a moment after each batch."""

    list_display = ("key", "course", "day")
    list_filter = ("key", "course")
    list_select_related = ("course",)
    show_full_result_count = False


@admin.register(StalePeriod)
class StalePeriodAdmin(ReadOnlyAdmin):
    """What is being recomputed, months before days; empty a moment after each batch."""

    list_display = ("key", "course", "kind", "start")
    list_filter = ("key", "course")
    list_select_related = ("course",)
    show_full_result_count = False

    @admin.display
    def kind(self, row: StalePeriod) -> str:
        return str(stale_periods.KIND_ORDER[row.rank].label)
