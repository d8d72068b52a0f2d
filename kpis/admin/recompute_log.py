"""Read-only admin pages that show what is stale, what was recomputed and what was restated."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from core import reporting_clock
from core.admin.view_only import ReadOnlyAdmin
from core.admin.work_queue import add_to_work_queue
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


class StaleFilter(admin.SimpleListFilter):
    """Find the feeds whose data are older than KPI_STALE_DAYS."""

    title = gettext_lazy("stale")
    parameter_name = "stale"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", gettext("Yes")), ("no", gettext("No"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "yes":
            return queryset.filter(data_through__lt=stale_before())
        return queryset.filter(data_through__gte=stale_before()) if self.value() else queryset


def stale_before() -> datetime:
    return timezone.now() - reporting_clock.stale_after()


add_to_work_queue(
    gettext_lazy("Feeds without recent data"),
    lambda: DataFreshness.objects.filter(data_through__lt=stale_before()),
    "kpis.view_datafreshness",
    page="admin:kpis_datafreshness_changelist",
    query="stale=yes",
)


@admin.register(DataFreshness)
class DataFreshnessAdmin(ReadOnlyAdmin):
    """How recent the data are; what is old here is reported as stale on the dashboard."""

    list_display = ("category", "course", "data_through", "received_at")
    list_filter = (StaleFilter, "category", "course")
    list_select_related = ("course",)
    search_fields = ("category", "course__key", "course__title")
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
