"""The forms of the actions on an alert's page."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from accounts.models import User
from alerts import actions
from alerts.audience import owners
from alerts.models import Alert
from core import reporting_clock
from core.lazy_text import LazyText
from kpis.definitions.periods import local_day

MAX_SNOOZE = timedelta(days=366)


class ActionForm(forms.Form):
    """An action, the label of its button, and the message once it is done."""

    action: ClassVar[str]
    label: ClassVar[LazyText]
    done: ClassVar[LazyText]
    needs_open_alert: ClassVar[bool] = True

    def __init__(self, data: Any = None, *, alert: Alert, user: User, now: datetime) -> None:
        self.alert, self.user, self.now = alert, user, now
        super().__init__(data, auto_id=f"{self.action}-%s", label_suffix="")

    def perform(self) -> bool:
        """Perform the action; return False and set the form's errors if that fails."""
        if not self.is_valid():
            return False
        try:
            self.do()
        except ValidationError as error:
            self.add_error(None, error)
            return False
        return True

    def do(self) -> None:
        raise NotImplementedError

    @classmethod
    def is_available(cls, alert: Alert) -> bool:
        return alert.is_open or not cls.needs_open_alert


def _text_field(label: LazyText, missing: LazyText, *, is_long: bool = False) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 3}) if is_long else None
    return forms.CharField(
        label=label, max_length=1_000, widget=widget, error_messages={"required": missing}
    )


class AcknowledgeForm(ActionForm):
    action = "acknowledge"
    label, done = gettext_lazy("Acknowledge"), gettext_lazy("Alert acknowledged.")

    owner = forms.ModelChoiceField(
        User.objects.none(),
        label=gettext_lazy("Owner"),
        error_messages={
            "required": gettext_lazy("Choose an owner."),
            "invalid_choice": gettext_lazy("Choose an owner who may see this alert."),
        },
    )
    note = forms.CharField(label=gettext_lazy("Note (optional)"), max_length=1_000, required=False)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["owner"].queryset = owners(self.alert)  # type: ignore[attr-defined]
        self.fields["owner"].initial = self.alert.owner_id or self.user.pk

    def do(self) -> None:
        data = self.cleaned_data
        actions.acknowledge(self.alert, by=self.user, owner=data["owner"], note=data["note"])


class SnoozeForm(ActionForm):
    action = "snooze"
    label, done = gettext_lazy("Snooze"), gettext_lazy("Alert snoozed.")

    until = forms.DateField(
        label=gettext_lazy("Until"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages={
            "required": gettext_lazy("Enter a date."),
            "invalid": gettext_lazy("Enter a date such as 2026-03-31."),
        },
    )
    reason = _text_field(gettext_lazy("Reason"), gettext_lazy("Enter a reason for snoozing."))

    def clean_until(self) -> date:
        day: date = self.cleaned_data["until"]
        check_snooze_end(day, self.now)
        return day

    def do(self) -> None:
        data = self.cleaned_data
        until = start_of(data["until"])
        actions.snooze(self.alert, by=self.user, until=until, reason=data["reason"])


def check_snooze_end(day: date, now: datetime) -> None:
    """ValidationError unless the day begins within a year from now."""
    today = local_day(now, reporting_clock.reporting_zone())
    if day <= today:
        raise ValidationError(gettext("The snooze must end in the future."))
    if day - today > MAX_SNOOZE:
        raise ValidationError(gettext("The snooze must end within a year."))


def start_of(day: date) -> datetime:
    return datetime.combine(day, time(), reporting_clock.reporting_zone())


class UnsnoozeForm(ActionForm):
    action = "unsnooze"
    label, done = gettext_lazy("End the snooze"), gettext_lazy("The snooze has ended.")

    def do(self) -> None:
        actions.unsnooze(self.alert, by=self.user)

    @classmethod
    def is_available(cls, alert: Alert) -> bool:
        until = alert.snoozed_until
        return super().is_available(alert) and until is not None and until > timezone.now()


class CommentForm(ActionForm):
    action, needs_open_alert = "comment", False
    label, done = gettext_lazy("Comment"), gettext_lazy("Comment added.")

    text = _text_field(gettext_lazy("Comment"), gettext_lazy("Enter a comment."), is_long=True)

    def do(self) -> None:
        actions.comment(self.alert, by=self.user, text=self.cleaned_data["text"])


class CloseForm(ActionForm):
    action = "close"
    label, done = gettext_lazy("Close as expected"), gettext_lazy("Alert closed as expected.")

    reason = _text_field(
        gettext_lazy("Reason"), gettext_lazy("Enter a reason for closing the alert.")
    )

    def do(self) -> None:
        actions.close_as_expected(self.alert, by=self.user, reason=self.cleaned_data["reason"])


ACTIONS: dict[str, type[ActionForm]] = {
    one.action: one for one in (AcknowledgeForm, SnoozeForm, UnsnoozeForm, CommentForm, CloseForm)
}
