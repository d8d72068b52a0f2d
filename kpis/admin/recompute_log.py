"""Read-only admin pages that show what is stale, what was recomputed and what was restated."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy

from core.admin.view_only import ReadOnlyAdmin
from kpis.admin.measurements import value_of
from kpis.admin.small_groups import SmallGroupsAdmin
from kpis.models import (
    DataFreshness,
    RecomputeRun,
    Restatement,
    StaleDay,
    StalePeriod,
    Verification,
)
from kpis.recompute import stale_days


@admin.register(Restatement)
class RestatementAdmin(SmallGroupsAdmin, ReadOnlyAdmin):
    list_display = ("measurement", "earlier_value", "n", "learners", "computed_at", "restated_at")
    list_filter = ("measurement__period_kind", "measurement__scope", "measurement__course")
    list_select_related = ("measurement",)
    ordering = ("-pk",)
    search_fields = ("measurement__kpi", "measurement__course__key")

    @admin.display(description=gettext_lazy("earlier value"))
    def earlier_value(self, row: Restatement) -> str:
        return value_of(row, row.measurement.kpi)


@admin.register(DataFreshness)
class DataFreshnessAdmin(ReadOnlyAdmin):
    """How recent the data are; what is old here is reported as stale on the dashboard."""

    list_display = ("category", "course", "data_through", "received_at")
    list_filter = ("category", "course")
    list_select_related = ("course",)
    date_hierarchy = "data_through"
    ordering = ("data_through",)


@admin.register(RecomputeRun)
class RecomputeRunAdmin(ReadOnlyAdmin):
    list_display = ("as_of", "cells", "seconds")
    date_hierarchy = "as_of"


@admin.register(Verification)
class VerificationAdmin(SmallGroupsAdmin, ReadOnlyAdmin):
    """Nightly comparisons of stored figures with their facts."""

    list_display = ("as_of", "sample", "corrected")
    date_hierarchy = "as_of"


@admin.register(StaleDay)
class StaleDayAdmin(ReadOnlyAdmin):
    """Days on which facts changed; empty a moment after each batch."""

    list_display = ("key", "course", "first", "last", "kind")
    list_filter = ("key", "course")
    list_select_related = ("course",)
    show_full_result_count = False


@admin.register(StalePeriod)
class StalePeriodAdmin(ReadOnlyAdmin):
    """Periods to recompute, months first; empty a moment after each batch."""

    list_display = ("key", "course", "kind", "start")
    list_filter = ("key", "course")
    list_select_related = ("course",)
    show_full_result_count = False

    @admin.display(description=gettext_lazy("period kind"))
    def kind(self, row: StalePeriod) -> str:
        return str(stale_days.KIND_ORDER[row.rank].label)
