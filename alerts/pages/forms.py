"""What each act on an alert asks for, on its page."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User
from alerts import actions
from alerts.models import Alert
from core import reporting_clock
from kpis.definitions.periods import local_day

LONGEST_SNOOZE = timedelta(days=366)


class ActForm(forms.Form):
    """One act: its name, the words on its button, and what it says once it is done."""

    act: ClassVar[str]
    label: ClassVar[str]
    done: ClassVar[str]
    needs_open: ClassVar[bool] = True

    def __init__(self, data: Any = None, *, alert: Alert, user: User, now: datetime) -> None:
        self.alert, self.user, self.now = alert, user, now
        super().__init__(data, auto_id=f"{self.act}-%s", label_suffix="")

    def perform(self) -> bool:
        """Do it; False, and the errors say why, where it cannot be done."""
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
    def is_offered(cls, alert: Alert) -> bool:
        return alert.is_open or not cls.needs_open


def _words(label: str, missing: str, *, is_long: bool = False) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 3}) if is_long else None
    return forms.CharField(
        label=label, max_length=1_000, widget=widget, error_messages={"required": missing}
    )


class AcknowledgeForm(ActForm):
    act, label, done = "acknowledge", "Acknowledge", "Acknowledged."

    owner = forms.ModelChoiceField(
        User.objects.none(),
        label="Owner",
        error_messages={
            "required": "Choose who takes it.",
            "invalid_choice": "Choose somebody who may see this alert.",
        },
    )
    note = forms.CharField(label="Note (optional)", max_length=1_000, required=False)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["owner"].queryset = owners(self.alert)  # type: ignore[attr-defined]
        self.fields["owner"].initial = self.alert.owner_id or self.user.pk

    def do(self) -> None:
        data = self.cleaned_data
        actions.acknowledge(self.alert, by=self.user, owner=data["owner"], note=data["note"])


class SnoozeForm(ActForm):
    act, label, done = "snooze", "Snooze", "Snoozed."

    until = forms.DateField(
        label="Until",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages={
            "required": "Say until which date.",
            "invalid": "Give a date such as 2026-03-31.",
        },
    )
    reason = _words("Reason", "Say why nobody needs to hear of it until then.")

    def clean_until(self) -> date:
        day: date = self.cleaned_data["until"]
        check_snooze(day, local_day(self.now, reporting_clock.reporting_zone()))
        return day

    def do(self) -> None:
        data = self.cleaned_data
        until = datetime.combine(data["until"], time(), reporting_clock.reporting_zone())
        actions.snooze(self.alert, by=self.user, until=until, reason=data["reason"])


class UnsnoozeForm(ActForm):
    act, label, done = "unsnooze", "End the snooze", "The snooze has ended."

    def do(self) -> None:
        actions.unsnooze(self.alert, by=self.user)

    @classmethod
    def is_offered(cls, alert: Alert) -> bool:
        until = alert.snoozed_until
        return super().is_offered(alert) and until is not None and until > timezone.now()


class CommentForm(ActForm):
    act, label, done, needs_open = "comment", "Comment", "Commented.", False

    text = _words("Comment", "Write the comment first.", is_long=True)

    def do(self) -> None:
        actions.comment(self.alert, by=self.user, text=self.cleaned_data["text"])


class CloseForm(ActForm):
    act, label, done = "close", "Close as expected", "Closed as expected."

    reason = _words("Reason", "Say why this was to be expected.")

    def do(self) -> None:
        actions.close_as_expected(self.alert, by=self.user, reason=self.cleaned_data["reason"])


ACTS: dict[str, type[ActForm]] = {
    one.act: one for one in (AcknowledgeForm, SnoozeForm, UnsnoozeForm, CommentForm, CloseForm)
}


def owners(alert: Alert) -> QuerySet[User]:
    """Who may see an alert, and so may be given it: staff, and the managers of its course."""
    may_see = Q(is_staff=True)
    if alert.course_id:
        may_see |= Q(course_grants__course=alert.course_id)
    return User.objects.filter(may_see, is_active=True).distinct()


def check_snooze(until: date, today: date) -> None:
    """ValidationError for a day that is not after today, or further off than a year."""
    if until <= today:
        raise ValidationError("A snooze ends in the future: choose a later date.")
    if until - today > LONGEST_SNOOZE:
        raise ValidationError("A snooze lasts a year at most: choose an earlier date.")
