"""The form that notes a contact."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy

from accounts.models import User
from core import reporting_clock
from curriculum.models import Enrollment
from kpis.definitions.periods import local_day
from support.contacting import note_contact
from support.models import Contact

CHOOSE = [("", gettext_lazy("Choose …"))]


class ContactForm(forms.Form):
    on = forms.DateField(
        label=gettext_lazy("When"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages={
            "required": gettext_lazy("Enter the day of the contact."),
            "invalid": gettext_lazy("Enter a date such as 2026-03-31."),
        },
    )
    channel = forms.ChoiceField(
        label=gettext_lazy("How"),
        choices=[*CHOOSE, *Contact.Channel.choices],
        error_messages={"required": gettext_lazy("Choose how you contacted the learner.")},
    )
    result = forms.ChoiceField(
        label=gettext_lazy("What came of it"),
        choices=[*CHOOSE, *Contact.Result.choices],
        error_messages={"required": gettext_lazy("Choose what came of it.")},
    )
    note = forms.CharField(
        label=gettext_lazy("Note (optional)"),
        required=False,
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("The learner may ask to read it."),
    )

    def __init__(
        self, data: Any = None, *, enrollment: Enrollment, user: User, now: datetime
    ) -> None:
        self.enrollment, self.user, self.now = enrollment, user, now
        today = local_day(now, reporting_clock.reporting_zone())
        super().__init__(data, initial={"on": today})

    def perform(self) -> bool:
        """Store the contact; False if the form is invalid, whose errors then say why."""
        if not self.is_valid():
            return False
        try:
            note_contact(self.enrollment, self.user, **self.cleaned_data, now=self.now)
        except ValidationError as error:
            self.add_error(None, error)
            return False
        return True
