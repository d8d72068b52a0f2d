"""Admin page of measurements: look at them, and have them recomputed."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Case, CharField, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Concat
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext, gettext_lazy, ngettext

from accounts.admin.users import acting_user
from core import localized, reporting_clock
from core.admin.confirmation import confirmed
from core.admin.view_only import ReadOnlyAdmin, ReadOnlyInline
from core.post_only import post_only
from curriculum.models import Course, CourseRun, Module
from kpis.admin.kpi_choices import KpiFilter, name_of, page_of
from kpis.admin.small_groups import SmallGroupsAdmin
from kpis.definitions.period_names import period_name
from kpis.definitions.periods import containing
from kpis.definitions.registry import REGISTRY
from kpis.definitions.units import NO_VALUE
from kpis.models import Measurement, Restatement
from kpis.recompute.stale_days import request_recompute


def place() -> Case:
    """Return an expression for the name of the course, run or module, or the whole site.

    Without a join, which counting the rows would go through for each.
    """
    course = Course.objects.filter(pk=OuterRef("course"))
    title, key = (Subquery(course.values(name)[:1]) for name in ("title", "key"))
    run = CourseRun.objects.filter(pk=OuterRef("scope_id")).values("key")[:1]
    module = Module.objects.filter(pk=OuterRef("scope_id")).values("title")[:1]
    return Case(
        When(scope=Measurement.Scope.COURSE, then=title),
        When(scope=Measurement.Scope.RUN, then=Concat(key, Value(" "), Subquery(run))),
        When(scope=Measurement.Scope.MODULE, then=Concat(key, Value(" "), Subquery(module))),
        default=Value(gettext("Whole site")),
        output_field=CharField(),
    )


def value_of(row: Measurement | Restatement, kpi: str) -> str:
    """Return the value as pages show it; an en dash if there is none or the KPI is gone."""
    if kpi not in REGISTRY:
        return NO_VALUE
    indicator = REGISTRY[kpi]
    return indicator.unit.text(indicator.value_of(row.sums))


class RestatementInline(ReadOnlyInline):
    model = Restatement
    fields = ("value", "n", "total", "weight", "learners", "computed_at", "restated_at")
    readonly_fields = ("value",)
    verbose_name_plural = gettext_lazy("earlier values")

    @admin.display(description=gettext_lazy("value"))
    def value(self, row: Restatement) -> str:
        return value_of(row, row.measurement.kpi)


@admin.register(Measurement)
class MeasurementAdmin(SmallGroupsAdmin, ReadOnlyAdmin):
    list_display = (
        "name", "place", "period", "value", "n", "learners", "restated_at", "computed_at"
    )  # fmt: skip
    list_filter = (
        KpiFilter,
        "scope",
        "period_kind",
        ("restated_at", admin.EmptyFieldListFilter),
        "course",
    )
    list_select_related = ("course",)
    # the latest, without sorting all of them
    ordering = ("-pk",)
    search_fields = ("kpi", "course__key", "course__title")
    show_full_result_count = False
    inlines = (RestatementInline,)
    actions = ("recompute_selected",)
    fields = (
        ("name", "definition_version"),
        ("scope", "place", "course"),
        ("period_kind", "period"),
        ("value", "n", "learners"),
        ("total", "weight"),
        ("units", "yy", "xx", "xy"),
        ("computed_at", "restated_at"),
    )
    readonly_fields = ("name", "place", "period", "value")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Measurement]:
        rows: QuerySet[Measurement] = super().get_queryset(request)
        return rows.annotate(place=place())

    def get_urls(self) -> list[URLPattern]:
        recompute = path(
            "<int:pk>/measure-again/",
            self.admin_site.admin_view(
                post_only("admin:kpis_measurement_change", "pk")(self.recompute_one)
            ),
            name="kpis_measurement_recompute",
        )
        return [recompute, *super().get_urls()]

    def recompute_one(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not self.has_recompute_permission(request):
            raise PermissionDenied
        row = get_object_or_404(self.get_queryset(request), pk=pk)
        self._recompute(request, [row])
        return HttpResponseRedirect(reverse("admin:kpis_measurement_change", args=[pk]))

    def has_recompute_permission(self, request: HttpRequest) -> bool:
        """Require the permission to change measurements, since recomputing writes them."""
        return acting_user(request).has_perm("kpis.change_measurement")

    @admin.action(
        description=gettext_lazy("Recompute selected measurements"), permissions=["recompute"]
    )
    @confirmed(
        title=gettext_lazy("Recompute"),
        consequence=gettext_lazy("These figures are computed again from the facts."),
    )
    def recompute_selected(
        self, request: HttpRequest, rows: QuerySet[Measurement]
    ) -> list[Measurement]:
        chosen = list(rows)
        self._recompute(request, chosen)
        return chosen

    def _recompute(self, request: HttpRequest, rows: Any) -> None:
        days = request_recompute(rows)
        self.message_user(
            request,
            ngettext(
                "One day of a course will be recomputed.",
                "%(count)s days of courses will be recomputed.",
                days,
            )
            % {"count": localized.number(days)},
        )

    def view_on_site(self, row: Measurement) -> str:
        return page_of(row.kpi)

    @admin.display(description=gettext_lazy("KPI"), ordering="kpi")
    def name(self, row: Measurement) -> str:
        return name_of(row.kpi)

    @admin.display(description=gettext_lazy("scope name"))
    def place(self, row: Any) -> str:
        return str(row.place)

    @admin.display(description=gettext_lazy("period"), ordering="period_start")
    def period(self, row: Measurement) -> str:
        return period_name(
            containing(row.period_start, row.period_kind, reporting_clock.reporting_zone())
        )

    @admin.display(description=gettext_lazy("value"))
    def value(self, row: Measurement) -> str:
        return value_of(row, row.kpi)
