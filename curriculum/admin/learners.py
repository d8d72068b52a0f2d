from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from core.admin.view_only import ReadOnlyInline
from curriculum.models import Enrollment, Learner
from curriculum.signals import learners_changed

AdminAction = Callable[..., Any]


class EnrollmentInline(ReadOnlyInline):
    model = Enrollment
    fields = ("run", "started_at", "due_at", "completed_at", "withdrawn_at")
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Enrollment]:
        return super().get_queryset(request).select_related("run__course")


# of the apps above
ACTIONS: list[AdminAction] = []


def learner_action(function: AdminAction) -> AdminAction:
    """Add an action to the list of learners."""
    ACTIONS.append(function)
    return function


@admin.register(Learner)
class LearnerAdmin(admin.ModelAdmin):
    actions = ACTIONS
    list_display = ("key", "name", "email", "kind", "runs")
    list_filter = ("kind", "enrollments__run__course")
    search_fields = ("key", "name", "email")
    autocomplete_fields = ("user",)
    inlines = (EnrollmentInline,)
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Learner]:
        return super().get_queryset(request).prefetch_related("enrollments__run__course")

    def save_model(
        self, request: HttpRequest, obj: Learner, form: forms.ModelForm, change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        if change and "kind" in form.changed_data:
            learners_changed.send(Learner, ids=[obj.pk])

    @admin.display(description=_("enrolled in"))
    def runs(self, learner: Learner) -> str:
        return ", ".join(str(one.run) for one in learner.enrollments.all())
