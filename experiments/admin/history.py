"""The history of experiments, which nobody can change."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from core.admin.view_only import ReadOnlyAdmin, ReadOnlyInline
from experiments.history_entries import Entry, primary_kpi_of, written_changes
from experiments.models import Deviation, ExperimentEvent, ShippedChange


class EventChanges:
    """Writes what an entry of the history changed, as on the page of the experiment."""

    @admin.display(description=gettext_lazy("changes"))
    def changes(self, event: ExperimentEvent) -> str:
        return "; ".join(Entry(event, primary_kpi_of(event.experiment)).changes)


class DeviationChanges:
    @admin.display(description=gettext_lazy("changes"))
    def changes(self, deviation: Deviation) -> str:
        return "; ".join(written_changes(deviation.before, deviation.after))


class ExperimentEventInline(EventChanges, ReadOnlyInline):
    model = ExperimentEvent
    fields = ("at", "kind", "author", "reason", "changes")
    readonly_fields = ("author", "changes")
    verbose_name_plural = gettext_lazy("history")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ExperimentEvent]:
        rows = super().get_queryset(request).select_related("by")
        return rows.prefetch_related("experiment__metrics")


class DeviationInline(DeviationChanges, ReadOnlyInline):
    model = Deviation
    fields = ("at", "field", "by", "reason", "changes")
    readonly_fields = ("changes",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Deviation]:
        return super().get_queryset(request).select_related("by")


@admin.register(ExperimentEvent)
class ExperimentEventAdmin(EventChanges, ReadOnlyAdmin):
    list_display = ("at", "experiment", "kind", "author", "reason")
    list_filter = ("kind", ("by", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("experiment", "by")
    date_hierarchy = "at"
    search_fields = ("experiment__key", "experiment__name", "by__email")
    fields = ("experiment", "at", "kind", "author", "reason", "changes")
    readonly_fields = ("author", "changes")


@admin.register(Deviation)
class DeviationAdmin(DeviationChanges, ReadOnlyAdmin):
    list_display = ("at", "experiment", "field", "by", "reason")
    list_filter = ("field", ("by", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("experiment", "by")
    date_hierarchy = "at"
    search_fields = ("experiment__key", "experiment__name", "by__email")
    fields = ("experiment", "at", "field", "by", "reason", "changes")
    readonly_fields = ("changes",)


@admin.register(ShippedChange)
class ShippedChangeAdmin(ReadOnlyAdmin):
    list_display = ("experiment", "change")
    list_select_related = ("experiment", "change__parameter")
    search_fields = ("experiment__key", "experiment__name", "change__parameter__key")
    fields = ("experiment", "change")
