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

from accounts.admin.users import acting_user
from alerts import actions
from alerts.evaluation import event_texts
from alerts.models import Alert, AlertEvent
from core import reporting_clock
from core.admin.view_only import ReadOnlyAdmin, ReadOnlyInline
from kpis.admin.kpi_choices import name_of
from kpis.admin.measurements import place
from kpis.admin.small_groups import may_see_figures
from kpis.definitions.registry import REGISTRY


class ActForm(ActionForm):
    """What an act needs besides the alerts."""

    note = forms.CharField(required=False, label="Note or reason:")
    until = forms.DateField(
        required=False, label="Until:", widget=forms.DateInput(attrs={"type": "date"})
    )


# the alert's own page shows each reader those that the reader may see
FIGURES = ("figures", "why", ("figures", "n", "worst_gap"))


def without_figures(fields: Iterable[Any], request: HttpRequest) -> list[Any]:
    """The fields, less those that tell figures for who may not see small groups."""
    return [one for one in fields if may_see_figures(request) or one not in FIGURES]


class AlertEventInline(ReadOnlyInline):
    model = AlertEvent
    fields = ("at", "kind", "by", "why", "period_start", "is_told")
    verbose_name_plural = "history"

    def get_fields(self, request: HttpRequest, obj: Alert | None = None) -> list[Any]:
        return without_figures(self.fields, request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[AlertEvent]:
        return super().get_queryset(request).select_related("by")


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    """What the judge opened; people act on it, and nobody edits it."""

    list_display = (
        "name", "place", "state", "severity", "figures", "opened_at", "closed_at", "owner",
        "acknowledged_at", "snoozed_until",
    )  # fmt: skip
    list_filter = (
        ("closed_at", admin.EmptyFieldListFilter),
        "state",
        "severity",
        ("acknowledged_at", admin.EmptyFieldListFilter),
        "scope",
        "course",
        "owner",
    )
    list_select_related = ("rule", "course", "owner")
    date_hierarchy = "opened_at"
    search_fields = ("rule__name", "rule__kpi", "course__key", "course__title", "note")
    inlines = (AlertEventInline,)
    action_form = ActForm
    actions = ("acknowledge", "snooze", "comment", "close_as_expected")
    fields = (
        ("rule", "place", "course"),
        ("state", "severity"),
        ("figures", "n", "worst_gap"),
        ("first_period_start", "last_period_start"),
        ("opened_at", "closed_at", "closed_by", "is_expected"),
        ("acknowledged_at", "acknowledged_by", "owner"),
        "note",
        ("snoozed_until", "last_notified_at", "inhibited_by"),
    )
    readonly_fields = ("place", "figures")

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return without_figures(self.list_display, request)

    def get_fields(self, request: HttpRequest, obj: Alert | None = None) -> list[Any]:
        return without_figures(self.fields, request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Alert]:
        rows: QuerySet[Alert] = super().get_queryset(request)
        return rows.annotate(place=place())

    def has_act_permission(self, request: HttpRequest) -> bool:
        return acting_user(request).has_perm("alerts.change_alert")

    @admin.action(description="Acknowledge the selected", permissions=["act"])
    def acknowledge(self, request: HttpRequest, alerts: QuerySet[Alert]) -> None:
        note, by = request.POST.get("note", ""), acting_user(request)
        self._act(request, alerts, lambda one: actions.acknowledge(one, by=by, note=note))

    @admin.action(description="Snooze the selected until a date", permissions=["act"])
    def snooze(self, request: HttpRequest, alerts: QuerySet[Alert]) -> None:
        reason, by = request.POST.get("note", ""), acting_user(request)
        day = parse_date(request.POST.get("until", ""))
        if day is None:
            self.message_user(request, "Say until which date.", messages.ERROR)
            return
        until = datetime.combine(day, time(), reporting_clock.reporting_zone())
        self._act(
            request, alerts, lambda one: actions.snooze(one, by=by, until=until, reason=reason)
        )

    @admin.action(description="Comment on the selected", permissions=["act"])
    def comment(self, request: HttpRequest, alerts: QuerySet[Alert]) -> None:
        text, by = request.POST.get("note", ""), acting_user(request)
        self._act(request, alerts, lambda one: actions.comment(one, by=by, text=text))

    @admin.action(description="Close the selected as expected", permissions=["act"])
    def close_as_expected(self, request: HttpRequest, alerts: QuerySet[Alert]) -> None:
        reason, by = request.POST.get("note", ""), acting_user(request)
        self._act(request, alerts, lambda one: actions.close_as_expected(one, by=by, reason=reason))

    def _act(
        self, request: HttpRequest, alerts: QuerySet[Alert], act: Callable[[Alert], AlertEvent]
    ) -> None:
        done = 0
        for alert in alerts:
            try:
                act(alert)
            except ValidationError as error:
                self.message_user(request, f"{alert}: {' '.join(error.messages)}", messages.ERROR)
            else:
                done += 1
        if done:
            self.message_user(request, f"Alerts acted on: {done}.")

    @admin.display(description="KPI", ordering="rule__kpi")
    def name(self, alert: Alert) -> str:
        return name_of(alert.rule.kpi)

    @admin.display(description="of")
    def place(self, alert: Any) -> str:
        return str(alert.place)

    @admin.display(description="value, target")
    def figures(self, alert: Alert) -> str:
        if alert.rule.kpi not in REGISTRY:
            return f"{alert.value}, {alert.target}"
        value, target = (event_texts.figure(alert.rule, one) for one in (alert.value, alert.target))
        return f"{value}, {target}"
