from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.admin.confirmation import confirmed
from core.admin.work_queue import add_to_work_queue
from lti import grants, roster
from lti.models import Context

add_to_work_queue(
    _("Courses of LMSs to connect"),
    lambda: Context.objects.filter(course=None),
    "lti.change_context",
    page="admin:lti_context_changelist",
    query="course__isempty=1",
)


@admin.register(Context)
class ContextAdmin(admin.ModelAdmin):
    """Courses of LMSs appear here when somebody opens this site in one for the first time."""

    list_display = (
        "__str__",
        "platform",
        "label",
        "course",
        "run",
        "instructors",
        "learners",
        "roster_read_at",
        "roster_error",
    )
    list_filter = (("course", admin.EmptyFieldListFilter), "platform")
    list_select_related = ("platform", "course", "run__course")
    search_fields = ("title", "label", "key", "course__title")
    autocomplete_fields = ("course", "run")
    readonly_fields = (
        *("platform", "title", "label", "deployment_id", "key", "first_seen_at"),
        *("roster_read_at", "roster_error"),
    )
    fields = (
        *("platform", "title", "label", "course", "run", "enrolls"),
        *("deployment_id", "key", "first_seen_at", "roster_read_at", "roster_error"),
    )
    actions = ("read_roster",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = (
            super()
            .get_queryset(request)
            .annotate(
                of_instructors=Count("participations", Q(participations__is_instructor=True)),
                of_learners=Count("participations", Q(participations__is_learner=True)),
            )
        )
        return rows

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Context, form: Any, change: bool) -> None:
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            grants.follow_roles(obj)

    def delete_model(self, request: HttpRequest, obj: Context) -> None:
        with transaction.atomic():
            grants.take_back_all(obj)
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Context]) -> None:
        with transaction.atomic():
            for one in queryset:
                grants.take_back_all(one)
            super().delete_queryset(request, queryset)

    @admin.action(description=_("Read the roster now"), permissions=["change"])
    @confirmed(
        title=_("Read the roster now"),
        consequence=_("Names are added, and instructors who left the course lose their grants."),
    )
    def read_roster(self, request: HttpRequest, chosen: QuerySet[Context]) -> list[Context]:
        now, done = timezone.now(), []
        for one in chosen.select_related("platform", "course", "run"):
            try:
                count = roster.read_roster(one, now)
            except roster.RosterError as error:
                text = gettext("%(course)s: %(reason)s") % {"course": one, "reason": error}
                self.message_user(request, text, messages.ERROR)
            else:
                text = gettext("%(course)s: %(count)s people.") % {"course": one, "count": count}
                self.message_user(request, text)
                done.append(one)
        return done

    @admin.display(description=_("instructors"), ordering="of_instructors")
    def instructors(self, context: Any) -> int:
        return int(context.of_instructors)

    @admin.display(description=_("learners"), ordering="of_learners")
    def learners(self, context: Any) -> int:
        return int(context.of_learners)
