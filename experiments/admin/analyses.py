"""Analyses with their results: figures of any group, which need the permission for small ones."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from core.admin.view_only import ReadOnlyAdmin, ReadOnlyInline
from experiments.models import Analysis, AnalysisResult
from experiments.sentences import sentence
from experiments.written import amount_of, signed_of, value_of
from kpis.admin.kpi_choices import KpiFilter, name_of
from kpis.admin.small_groups import SmallGroupsAdmin, may_see_figures


class InUnits:
    """The figures of a result as the pages write them, in the unit of its KPI."""

    @admin.display(description=gettext_lazy("value"), ordering="value")
    def value_in_unit(self, result: AnalysisResult) -> str:
        return value_of(result.kpi, result.value)

    @admin.display(description=gettext_lazy("effect"), ordering="effect")
    def effect_in_unit(self, result: AnalysisResult) -> str:
        return signed_of(result.kpi, result.effect)

    @admin.display(description=gettext_lazy("low"))
    def low_in_unit(self, result: AnalysisResult) -> str:
        return signed_of(result.kpi, result.low)

    @admin.display(description=gettext_lazy("high"))
    def high_in_unit(self, result: AnalysisResult) -> str:
        return signed_of(result.kpi, result.high)

    @admin.display(description=gettext_lazy("margin"))
    def margin_in_unit(self, result: AnalysisResult) -> str:
        return amount_of(result.kpi, result.margin)


class AnalysisResultInline(InUnits, ReadOnlyInline):
    model = AnalysisResult
    fields = readonly_fields = (
        "kpi_name", "role", "variant", "n", "value_in_unit", "effect_in_unit", "low_in_unit",
        "high_in_unit", "p", "adjusted_p", "method", "reduction", "margin_in_unit", "outcome",
    )  # fmt: skip

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) and may_see_figures(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[AnalysisResult]:
        return super().get_queryset(request).select_related("variant")

    @admin.display(description=gettext_lazy("KPI"))
    def kpi_name(self, result: AnalysisResult) -> str:
        return name_of(result.kpi)


@admin.register(Analysis)
class AnalysisAdmin(SmallGroupsAdmin, ReadOnlyAdmin):
    list_display = ("experiment", "computed_at", "night", "verdict", "sample_ratio_p", "set_aside")
    list_filter = ("verdict", "method", "experiment")
    list_select_related = ("experiment",)
    date_hierarchy = "computed_at"
    search_fields = ("experiment__key", "experiment__name")
    inlines = (AnalysisResultInline,)
    fields = (
        "experiment", ("computed_at", "through", "night"), "method", ("verdict", "variant"),
        "verdict_sentence", "assigned", "exposed", "learners", "expected", "sample_ratio_p",
        ("set_aside", "forced", "uncounted"),
    )  # fmt: skip
    readonly_fields = ("verdict_sentence",)

    @admin.display(description=gettext_lazy("why"))
    def verdict_sentence(self, analysis: Analysis) -> str:
        return sentence(analysis, is_hidden=False)


@admin.register(AnalysisResult)
class AnalysisResultAdmin(InUnits, SmallGroupsAdmin, ReadOnlyAdmin):
    list_display = (
        "analysis", "kpi_name", "role", "variant", "n", "value_in_unit", "effect_in_unit", "p",
        "outcome",
    )  # fmt: skip
    list_filter = ("role", "outcome", KpiFilter)
    list_select_related = ("analysis", "variant")
    search_fields = ("analysis__experiment__key", "kpi")
    fields = (
        "analysis", "kpi_name", "role", "variant", "kind", ("n", "without_rows"), "sums",
        "value_in_unit", ("effect_in_unit", "low_in_unit", "high_in_unit"),
        ("relative_effect", "relative_low", "relative_high"),
        ("p", "adjusted_p", "method"), ("standard_error", "degrees_of_freedom", "reduction"),
        ("margin_in_unit", "outcome"),
    )  # fmt: skip
    readonly_fields = (
        "kpi_name", "value_in_unit", "effect_in_unit", "low_in_unit", "high_in_unit",
        "margin_in_unit",
    )  # fmt: skip

    @admin.display(description=gettext_lazy("KPI"), ordering="kpi")
    def kpi_name(self, result: AnalysisResult) -> str:
        return name_of(result.kpi)
