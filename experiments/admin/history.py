"""The history of experiments, which nobody can change."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from core.admin.view_only import ReadOnlyAdmin, ReadOnlyInline
from experiments.models import Deviation, ExperimentEvent, ShippedChange


class ExperimentEventInline(ReadOnlyInline):
    model = ExperimentEvent
    fields = ("at", "kind", "author", "reason", "before", "after")
    readonly_fields = ("author",)
    verbose_name_plural = gettext_lazy("history")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ExperimentEvent]:
        return super().get_queryset(request).select_related("by")


class DeviationInline(ReadOnlyInline):
    model = Deviation
    fields = ("at", "field", "by", "reason", "before", "after")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Deviation]:
        return super().get_queryset(request).select_related("by")


@admin.register(ExperimentEvent)
class ExperimentEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "experiment", "kind", "author", "reason")
    list_filter = ("kind", "by")
    list_select_related = ("experiment", "by")
    date_hierarchy = "at"
    search_fields = ("experiment__key", "experiment__name", "by__email")
    fields = ("experiment", "at", "kind", "author", "reason", "before", "after")
    readonly_fields = ("author",)


@admin.register(Deviation)
class DeviationAdmin(ReadOnlyAdmin):
    list_display = ("at", "experiment", "field", "by", "reason")
    list_filter = ("field", "by")
    list_select_related = ("experiment", "by")
    date_hierarchy = "at"
    search_fields = ("experiment__key", "experiment__name", "by__email")
    fields = ("experiment", "at", "field", "by", "reason", "before", "after")


@admin.register(ShippedChange)
class ShippedChangeAdmin(ReadOnlyAdmin):
    list_display = ("experiment", "change")
    list_select_related = ("experiment", "change__parameter")
    search_fields = ("experiment__key", "experiment__name", "change__parameter__key")
    fields = ("experiment", "change")
