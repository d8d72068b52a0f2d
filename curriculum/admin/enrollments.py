from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core import localized
from core.admin.view_only import ReadOnlyInline
from curriculum import enrolling
from curriculum.admin.courses import RunFilter, dashboard_of
from curriculum.models import Enrollment, Pause, PlannedModule
from curriculum.signals import enrollments_changed


def day(moment: datetime) -> str:
    return localized.day(localtime(moment))


class PlanInline(ReadOnlyInline):
    model = PlannedModule
    fields = ("position", "module", "is_required", "effort_minutes", "planned_due_at", "due_at")
    verbose_name_plural = _("plan at the time of enrollment")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PlannedModule]:
        return super().get_queryset(request).select_related("module")


class PauseInline(ReadOnlyInline):
    model = Pause
    fields = ("started_at", "ended_at")


@admin.register(Enrollment)
class EnrollmentAdmin(admin.ModelAdmin):
    """Staff can enroll a learner; every later change comes from events."""

    list_display = ("learner", "run", "started", "due", "status")
    list_filter = (
        "run__course",
        ("run", RunFilter),
        ("is_cancelled", admin.BooleanFieldListFilter),
        "completed_by_sender",
        ("completed_at", admin.EmptyFieldListFilter),
        ("withdrawn_at", admin.EmptyFieldListFilter),
    )
    list_select_related = ("learner", "run__course")
    date_hierarchy = "started_at"
    search_fields = ("learner__key", "learner__name", "learner__email", "run__key", "run__title")
    autocomplete_fields = ("learner", "run")
    inlines = (PlanInline, PauseInline)
    readonly_fields = ("canceled",)
    show_full_result_count = False
    fields = (
        ("learner", "run"),
        ("enrolled_at", "started_at", "cutoff_at"),
        ("planned_due_at", "due_at"),
        ("completed_at", "completed_by_sender"),
        ("withdrawn_at", "canceled"),
    )

    def get_fields(self, request: HttpRequest, obj: Enrollment | None = None) -> Any:
        return self.fields if obj else ("learner", "run", "enrolled_at")

    def get_inlines(self, request: HttpRequest, obj: Enrollment | None = None) -> Any:
        return super().get_inlines(request, obj) if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: Enrollment | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Enrollment | None = None) -> bool:
        return False

    def save_model(
        self, request: HttpRequest, obj: Enrollment, form: forms.ModelForm, change: bool
    ) -> None:
        """Enroll as events do, so that the enrollment gets its plan and due date."""
        sign_up = enrolling.SignUp(
            learner_id=obj.learner_id, run_id=obj.run_id, enrolled_at=obj.enrolled_at
        )
        for made in enrolling.enroll([sign_up]):
            obj.pk = made.pk
        obj.refresh_from_db()
        enrollments_changed.send(Enrollment, ids=[obj.pk])

    @admin.display(description=_("started"), ordering="started_at")
    def started(self, enrollment: Enrollment) -> str:
        return day(enrollment.started_at)

    @admin.display(description=_("due"), ordering="due_at")
    def due(self, enrollment: Enrollment) -> str | None:
        """Return the due date; None while a pause is open."""
        return day(enrollment.due_at) if enrollment.due_at else None

    @admin.display(description=_("canceled"), boolean=True)
    def canceled(self, enrollment: Enrollment) -> bool:
        return bool(enrollment.is_cancelled)

    @admin.display(description=_("status"))
    def status(self, enrollment: Enrollment) -> str:
        if enrollment.completed_at:
            return gettext("Completed on %(day)s") % {"day": day(enrollment.completed_at)}
        if enrollment.withdrawn_at and enrollment.is_cancelled:
            return gettext("Canceled on %(day)s") % {"day": day(enrollment.withdrawn_at)}
        if enrollment.withdrawn_at:
            return gettext("Withdrawn on %(day)s") % {"day": day(enrollment.withdrawn_at)}
        return gettext("In progress") if enrollment.due_at else gettext("Paused")

    def view_on_site(self, enrollment: Enrollment) -> str:
        return dashboard_of(course=enrollment.run.course.key, run=enrollment.run.key)
