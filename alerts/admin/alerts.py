"""Alerts in the admin: read-only, with the same actions as on their pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, time
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.dateparse import parse_date
from django.utils.translation import gettext, gettext_lazy, ngettext

from accounts.admin.users import acting_user
from alerts import actions
from alerts.evaluation import event_texts
from alerts.models import Alert, AlertEvent
from core import localized, reporting_clock
from core.admin.confirmation import confirmed
from core.admin.view_only import ReadOnlyAdmin, ReadOnlyInline
from core.admin.work_queue import add_to_work_queue
from kpis.admin.kpi_choices import name_of
from kpis.admin.measurements import place
from kpis.admin.small_groups import may_see_figures
from kpis.definitions.registry import REGISTRY


class AlertActionForm(ActionForm):
    """The inputs of an action besides the alerts."""

    note = forms.CharField(required=False, label=gettext_lazy("Note or reason:"))
    until = forms.DateField(
        required=False,
        label=gettext_lazy("Until:"),
        widget=forms.DateInput(attrs={"type": "date"}),
    )


# hidden here from staff without the permission; the alert's own page hides figures one by one
FIGURES = ("figures", "reason", ("figures", "n", "worst_gap"))


def without_figures(fields: Iterable[Any], request: HttpRequest) -> list[Any]:
    """Remove the fields with figures unless the user may see small groups."""
    return [one for one in fields if may_see_figures(request) or one not in FIGURES]


class AlertEventInline(ReadOnlyInline):
    model = AlertEvent
    fields = ("at", "kind", "by", "reason", "period_start", "notifies")
    verbose_name_plural = gettext_lazy("history")

    def get_fields(self, request: HttpRequest, obj: Alert | None = None) -> list[Any]:
        return without_figures(self.fields, request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[AlertEvent]:
        return super().get_queryset(request).select_related("by")


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    list_display = (
        "kpi_name", "scope_name", "state", "severity", "figures", "opened_at", "closed_at", "owner",
        "acknowledged_at", "snoozed_until",
    )  # fmt: skip
    list_filter = (
        ("closed_at", admin.EmptyFieldListFilter),
        "state",
        "severity",
        ("acknowledged_at", admin.EmptyFieldListFilter),
        "scope",
        "course",
        ("owner", admin.RelatedOnlyFieldListFilter),
    )
    list_select_related = ("rule", "course", "owner")
    date_hierarchy = "opened_at"
    search_fields = ("rule__name", "rule__kpi", "course__key", "course__title", "note")
    inlines = (AlertEventInline,)
    action_form = AlertActionForm
    actions = ("acknowledge", "snooze", "comment", "close_as_expected")
    fields = (
        ("rule", "scope_name", "course"),
        ("state", "severity"),
        ("figures", "n", "worst_gap"),
        ("first_period_start", "last_period_start"),
        ("opened_at", "closed_at", "closed_by", "is_expected"),
        ("acknowledged_at", "acknowledged_by", "owner"),
        "note",
        ("snoozed_until", "last_notified_at", "inhibited_by"),
    )
    readonly_fields = ("scope_name", "figures")

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return without_figures(self.list_display, request)

    def get_fields(self, request: HttpRequest, obj: Alert | None = None) -> list[Any]:
        return without_figures(self.fields, request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Alert]:
        rows: QuerySet[Alert] = super().get_queryset(request)
        return rows.annotate(place=place())

    def has_act_permission(self, request: HttpRequest) -> bool:
        return acting_user(request).has_perm("alerts.change_alert")

    @admin.action(description=gettext_lazy("Acknowledge the selected alerts"), permissions=["act"])
    @confirmed(
        title=gettext_lazy("Acknowledge"),
        consequence=gettext_lazy("You become the owner of these alerts."),
    )
    def acknowledge(self, request: HttpRequest, alerts: QuerySet[Alert]) -> list[Alert]:
        note, by = request.POST.get("note", ""), acting_user(request)
        return self._perform(
            request, alerts, lambda one: actions.acknowledge(one, by=by, note=note)
        )

    @admin.action(
        description=gettext_lazy("Snooze the selected alerts until a date"), permissions=["act"]
    )
    @confirmed(
        title=gettext_lazy("Snooze"),
        consequence=gettext_lazy("Nobody is notified of these alerts until that date."),
    )
    def snooze(self, request: HttpRequest, alerts: QuerySet[Alert]) -> list[Alert]:
        reason, by = request.POST.get("note", ""), acting_user(request)
        day = parse_date(request.POST.get("until", ""))
        if day is None:
            self.message_user(request, gettext("Enter a date."), messages.ERROR)
            return []
        until = datetime.combine(day, time(), reporting_clock.reporting_zone())
        return self._perform(
            request, alerts, lambda one: actions.snooze(one, by=by, until=until, reason=reason)
        )

    @admin.action(description=gettext_lazy("Comment on the selected alerts"), permissions=["act"])
    @confirmed(
        title=gettext_lazy("Comment"),
        consequence=gettext_lazy("Each of these alerts gets the comment."),
    )
    def comment(self, request: HttpRequest, alerts: QuerySet[Alert]) -> list[Alert]:
        text, by = request.POST.get("note", ""), acting_user(request)
        return self._perform(request, alerts, lambda one: actions.comment(one, by=by, text=text))

    @admin.action(
        description=gettext_lazy("Close the selected alerts as expected"), permissions=["act"]
    )
    @confirmed(
        title=gettext_lazy("Close as expected"),
        consequence=gettext_lazy("These alerts are closed, and nobody is notified of them again."),
    )
    def close_as_expected(self, request: HttpRequest, alerts: QuerySet[Alert]) -> list[Alert]:
        reason, by = request.POST.get("note", ""), acting_user(request)
        return self._perform(
            request, alerts, lambda one: actions.close_as_expected(one, by=by, reason=reason)
        )

    def _perform(
        self, request: HttpRequest, alerts: QuerySet[Alert], action: Callable[[Alert], AlertEvent]
    ) -> list[Alert]:
        done = []
        for alert in alerts:
            try:
                action(alert)
            except ValidationError as error:
                self.message_user(request, f"{alert}: {' '.join(error.messages)}", messages.ERROR)
            else:
                done.append(alert)
        if done:
            self.message_user(
                request,
                ngettext("%(count)s alert updated.", "%(count)s alerts updated.", len(done))
                % {"count": localized.number(len(done))},
            )
        return done

    @admin.display(description=gettext_lazy("KPI"), ordering="rule__kpi")
    def kpi_name(self, alert: Alert) -> str:
        return name_of(alert.rule.kpi)

    @admin.display(description=gettext_lazy("scope"))
    def scope_name(self, alert: Any) -> str:
        return str(alert.place)

    @admin.display(description=gettext_lazy("value, target"))
    def figures(self, alert: Alert) -> str:
        if alert.rule.kpi not in REGISTRY:
            return f"{alert.value}, {alert.target}"
        value, target = (
            event_texts.value_text(alert.rule, one) for one in (alert.value, alert.target)
        )
        return f"{value}, {target}"


add_to_work_queue(
    gettext_lazy("Open alerts without an owner"),
    lambda: Alert.objects.filter(closed_at=None, owner=None),
    "alerts.change_alert",
    page="admin:alerts_alert_changelist",
    query="closed_at__isempty=1&owner__isnull=True",
)
