from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Count, IntegerField, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core.admin.distinct_formset import DistinctFormSet
from curriculum.admin.structure_versions import RecordsStructure
from curriculum.models import Course, CourseRun, Enrollment, Module, RunModule

PLAN_NOTE = _("Changes apply to new enrollments. Existing enrollments keep their plan.")


def count_of(model: type[Model], parent: str) -> Coalesce:
    """Count the rows of `model` per parent in a subquery, so that other joins do not multiply."""
    counted = (
        QuerySet(model)
        .filter(**{parent: OuterRef("pk")})
        .values(parent)
        .annotate(rows=Count("pk"))
        .values("rows")
    )
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def dashboard_of(**chosen: str) -> str:
    return f"/kpi-dashboard?{urlencode(chosen)}"


MOST_RUNS = 50


class RunFilter(admin.RelatedFieldListFilter):
    """Filter by one of the runs added last, with the course that its name needs."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        runs = CourseRun.objects.select_related("course").order_by("-pk")[:MOST_RUNS]
        return [(str(run.pk), str(run)) for run in sorted(runs, key=str)]


class ModuleFormSet(DistinctFormSet):
    distinct = "key"


class RunFormSet(DistinctFormSet):
    distinct = "key"


class TimetableFormSet(DistinctFormSet):
    distinct = "module"


class ModuleInline(admin.TabularInline):
    model = Module
    formset = ModuleFormSet
    fields = ("position", "key", "title", "is_required", "planned_days", "effort_minutes")
    ordering = ("position",)
    extra = 0
    show_change_link = True


class RunInline(admin.TabularInline):
    model = CourseRun
    formset = RunFormSet
    fields = ("key", "title", "starts_on", "ends_on")
    extra = 0
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[CourseRun]:
        # the name of a run has its course's title
        rows: QuerySet[CourseRun] = super().get_queryset(request)
        return rows.select_related("course")


@admin.register(Course)
class CourseAdmin(RecordsStructure, admin.ModelAdmin):
    list_display = ("title", "key", "nominal_days", "modules", "runs", "enrollments")
    search_fields = ("title", "key")
    fieldsets = ((None, {"fields": ("title", "key", "nominal_days"), "description": PLAN_NOTE}),)
    inlines = (ModuleInline, RunInline)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Course]:
        rows: QuerySet[Course] = super().get_queryset(request)
        return rows.annotate(
            module_rows=count_of(Module, "course"),
            run_rows=count_of(CourseRun, "course"),
            enrollment_rows=count_of(Enrollment, "run__course"),
        )

    def structure_courses(self, pk: int) -> set[int]:
        return {pk}

    def view_on_site(self, course: Course) -> str:
        return dashboard_of(course=course.key)

    @admin.display(description=_("modules"), ordering="module_rows")
    def modules(self, course: Any) -> int:
        return int(course.module_rows)

    @admin.display(description=_("runs"), ordering="run_rows")
    def runs(self, course: Any) -> int:
        return int(course.run_rows)

    @admin.display(description=_("enrollments"), ordering="enrollment_rows")
    def enrollments(self, course: Any) -> int:
        return int(course.enrollment_rows)


class TimetableInline(admin.TabularInline):
    model = RunModule
    formset = TimetableFormSet
    autocomplete_fields = ("module",)
    ordering = ("due_on",)
    extra = 0
    verbose_name = _("due date")
    verbose_name_plural = _("timetable (modules not listed are due after their planned days)")


@admin.register(CourseRun)
class CourseRunAdmin(admin.ModelAdmin):
    list_display = (
        "__str__",
        "course",
        "key",
        "starts_on",
        "ends_on",
        "nominal_days",
        "enrollments",
    )
    list_filter = ("course",)
    list_select_related = ("course",)
    date_hierarchy = "starts_on"
    search_fields = ("key", "title", "course__key", "course__title")
    autocomplete_fields = ("course",)
    inlines = (TimetableInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[CourseRun]:
        rows: QuerySet[CourseRun] = super().get_queryset(request)
        return rows.annotate(enrollment_rows=count_of(Enrollment, "run"))

    def view_on_site(self, run: CourseRun) -> str:
        return dashboard_of(course=run.course.key, run=run.key)

    @admin.display(description=_("length in days"))
    def nominal_days(self, run: CourseRun) -> int:
        return run.nominal_days

    @admin.display(description=_("enrollments"), ordering="enrollment_rows")
    def enrollments(self, run: Any) -> int:
        return int(run.enrollment_rows)


@admin.register(Module)
class ModuleAdmin(RecordsStructure, admin.ModelAdmin):
    list_display = (
        "title", "course", "position", "is_required", "planned_days", "effort_minutes",
        "skills_taught",
    )  # fmt: skip
    list_filter = ("course", "is_required")
    list_select_related = ("course",)
    search_fields = ("title", "key", "course__key", "course__title")
    autocomplete_fields = ("course",)
    fieldsets = (
        (None, {"fields": ("course", "key", "title"), "description": PLAN_NOTE}),
        (_("Plan"), {"fields": ("position", "is_required", "planned_days", "effort_minutes")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Module]:
        return super().get_queryset(request).prefetch_related("skills")

    def structure_courses(self, pk: int) -> set[int]:
        return set(Course.objects.filter(modules=pk).values_list("pk", flat=True))

    def view_on_site(self, module: Module) -> str:
        return dashboard_of(course=module.course.key, module=module.key)

    @admin.display(description=_("skills"))
    def skills_taught(self, module: Module) -> str:
        return ", ".join(skill.title for skill in module.skills.all())
