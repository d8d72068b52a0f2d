"""The history of adjustments: who did what, and the row before and after."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from core.admin.view_only import ReadOnlyAdmin, ReadOnlyInline
from improvement.models import Adjustment, AdjustmentEvent
from kpis.admin.small_groups import may_see_figures

# figures of any group; the page of an adjustment hides them one by one
FIGURES = (
    "reason", "before", "after", "figures", "effect_sentence", "guard_sentence",
)  # fmt: skip


def without_figures(fields: Iterable[Any], request: HttpRequest) -> list[Any]:
    """Remove the fields with figures unless the user may see small groups."""
    return [one for one in fields if may_see_figures(request) or one not in FIGURES]


class AdjustmentEventInline(ReadOnlyInline):
    model = AdjustmentEvent
    fields = ("at", "kind", "by", "reason", "before", "after")
    verbose_name_plural = gettext_lazy("history")

    def get_fields(self, request: HttpRequest, obj: Adjustment | None = None) -> list[Any]:
        return without_figures(self.fields, request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[AdjustmentEvent]:
        return super().get_queryset(request).select_related("by")


@admin.register(AdjustmentEvent)
class AdjustmentEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "adjustment", "kind", "by", "reason")
    list_filter = ("kind", ("by", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("adjustment", "by")
    date_hierarchy = "at"
    search_fields = ("adjustment__place", "adjustment__parameter_key", "by__email")
    fields = ("adjustment", "at", "kind", "by", "reason", "before", "after")

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return without_figures(self.list_display, request)

    def get_fields(self, request: HttpRequest, obj: AdjustmentEvent | None = None) -> list[Any]:
        return without_figures(self.fields, request)
