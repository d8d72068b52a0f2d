"""The choice of a KPI in admin forms and filters."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from kpis.definitions.registry import REGISTRY


def kpi_choices() -> list[tuple[str, str]]:
    return [(one.key, one.name) for one in REGISTRY.values()]


def name_of(kpi: str) -> str:
    """Return the KPI's name, or its key if no app declares it any more."""
    return REGISTRY[kpi].name if kpi in REGISTRY else kpi


def page_of(kpi: str) -> str:
    return f"/kpi-dashboard/{kpi}"


class KpiFilter(admin.SimpleListFilter):
    """Filter by KPI. The choices come from the registry, which is faster than from the rows."""

    title = gettext_lazy("KPI")
    parameter_name = "kpi"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return kpi_choices()

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kpi=self.value()) if self.value() else queryset
