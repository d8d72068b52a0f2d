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
# by the name of the action
NEEDED: dict[str, str] = {}


def learner_action(permission: str) -> Callable[[AdminAction], AdminAction]:
    """Add an action to the list of learners, for those with this permission."""

    def add(function: AdminAction) -> AdminAction:
        ACTIONS.append(function)
        NEEDED[function.__name__] = permission
        return function

    return add


@admin.register(Learner)
class LearnerAdmin(admin.ModelAdmin):
    actions = ACTIONS
    list_display = ("key", "name", "email", "kind", "runs")
    list_filter = ("kind", "enrollments__run__course")
    search_fields = ("key", "name", "email")
    autocomplete_fields = ("user",)
    inlines = (EnrollmentInline,)
    show_full_result_count = False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        offered: dict[str, Any] = super().get_actions(request)
        may = request.user.has_perm
        return {
            name: one for name, one in offered.items() if name not in NEEDED or may(NEEDED[name])
        }

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
