"""The form fields that say why and from when something changes."""

from __future__ import annotations

from datetime import date, datetime, time

from django import forms
from django.utils.translation import gettext_lazy

from core import reporting_clock
from core.lazy_text import LazyText
from kpis.definitions.periods import local_day


def day_field() -> forms.DateField:
    return forms.DateField(
        label=gettext_lazy("Applies from (optional)"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        help_text=gettext_lazy("Empty: from now on."),
        error_messages={"invalid": gettext_lazy("Enter a date such as 2026-03-31.")},
    )


def reason_field(missing: LazyText) -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Reason"), max_length=1_000, error_messages={"required": missing}
    )


def start_of(day: date | None, now: datetime) -> datetime | None:
    """Return the moment at which a day begins for the provider; None for today, which is now."""
    if day is None or day == local_day(now, reporting_clock.reporting_zone()):
        return None
    return datetime.combine(day, time(), reporting_clock.reporting_zone())
