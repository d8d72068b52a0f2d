from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Count, IntegerField, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from core.admin.distinct_formset import DistinctFormSet
from curriculum.models import Course, CourseRun, Enrollment, Module, RunModule, Skill

PLAN_NOTE = "Who is enrolled keeps the plan they started with; a change here is for new enrolments."


def rows_of(model: type[Model], parent: str) -> Coalesce:
    """Count the rows of `model` under each parent, apart from what else is joined."""
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


class RunFilter(admin.RelatedFieldListFilter):
    """By run; a run is named after its course, which is read along with it."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        runs = CourseRun.objects.select_related("course")
        return [(str(run.pk), str(run)) for run in runs]


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


@admin.register(Course)
class CourseAdmin(admin.ModelAdmin):
    list_display = ("title", "key", "nominal_days", "modules", "runs", "enrolments")
    search_fields = ("title", "key")
    fieldsets = ((None, {"fields": ("title", "key", "nominal_days"), "description": PLAN_NOTE}),)
    inlines = (ModuleInline, RunInline)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Course]:
        rows: QuerySet[Course] = super().get_queryset(request)
        return rows.annotate(
            module_rows=rows_of(Module, "course"),
            run_rows=rows_of(CourseRun, "course"),
            enrollment_rows=rows_of(Enrollment, "run__course"),
        )

    def view_on_site(self, course: Course) -> str:
        return dashboard_of(course=course.key)

    @admin.display(ordering="module_rows")
    def modules(self, course: Any) -> int:
        return int(course.module_rows)

    @admin.display(ordering="run_rows")
    def runs(self, course: Any) -> int:
        return int(course.run_rows)

    @admin.display(ordering="enrollment_rows")
    def enrolments(self, course: Any) -> int:
        return int(course.enrollment_rows)


class TimetableInline(admin.TabularInline):
    model = RunModule
    formset = TimetableFormSet
    autocomplete_fields = ("module",)
    ordering = ("due_on",)
    extra = 0
    verbose_name = "due date"
    verbose_name_plural = "timetable: modules without a date here follow their planned days"


@admin.register(CourseRun)
class CourseRunAdmin(admin.ModelAdmin):
    list_display = (
        "__str__",
        "course",
        "key",
        "starts_on",
        "ends_on",
        "nominal_days",
        "enrolments",
    )
    list_filter = ("course",)
    list_select_related = ("course",)
    date_hierarchy = "starts_on"
    search_fields = ("key", "title", "course__key", "course__title")
    autocomplete_fields = ("course",)
    inlines = (TimetableInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[CourseRun]:
        rows: QuerySet[CourseRun] = super().get_queryset(request)
        return rows.annotate(enrollment_rows=rows_of(Enrollment, "run"))

    def view_on_site(self, run: CourseRun) -> str:
        return dashboard_of(course=run.course.key, run=run.key)

    @admin.display(description="days")
    def nominal_days(self, run: CourseRun) -> int:
        return run.nominal_days

    @admin.display(ordering="enrollment_rows")
    def enrolments(self, run: Any) -> int:
        return int(run.enrollment_rows)


@admin.register(Module)
class ModuleAdmin(admin.ModelAdmin):
    list_display = (
        "title", "course", "position", "is_required", "planned_days", "effort_minutes", "taught"
    )  # fmt: skip
    list_filter = ("course", "is_required")
    list_select_related = ("course",)
    search_fields = ("title", "key", "course__key", "course__title")
    autocomplete_fields = ("course",)
    fieldsets = (
        (None, {"fields": ("course", "key", "title"), "description": PLAN_NOTE}),
        ("Plan", {"fields": ("position", "is_required", "planned_days", "effort_minutes")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Module]:
        return super().get_queryset(request).prefetch_related("skills")

    def view_on_site(self, module: Module) -> str:
        return dashboard_of(course=module.course.key, module=module.key)

    @admin.display(description="skills")
    def taught(self, module: Module) -> str:
        return ", ".join(skill.title for skill in module.skills.all())


@admin.register(Skill)
class SkillAdmin(admin.ModelAdmin):
    list_display = ("title", "key", "taught_in")
    list_filter = ("modules__course",)
    search_fields = ("title", "key")
    autocomplete_fields = ("modules",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Skill]:
        rows: QuerySet[Skill] = super().get_queryset(request)
        return rows.annotate(module_rows=Count("modules"))

    @admin.display(description="modules", ordering="module_rows")
    def taught_in(self, skill: Any) -> int:
        return int(skill.module_rows)
