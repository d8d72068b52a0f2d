"""The form with which staff give an API key a new secret."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.contrib.admin.widgets import AdminSplitDateTime
from django.utils.translation import gettext_lazy as _

OVERLAPS = {
    "0": _("now"),
    "1": _("in one day"),
    "7": _("in 7 days"),
    "30": _("in 30 days"),
    "90": _("in 90 days"),
}


class RotationForm(forms.Form):
    """When the old secret ends, and until when the new one works."""

    overlap = forms.ChoiceField(
        label=_("The old secret stops working"),
        choices=list(OVERLAPS.items()),
        initial="7",
        help_text=_("Both work until then. Enter the new secret in the other system meanwhile."),
    )
    expires_at = forms.SplitDateTimeField(
        label=_("The new secret expires at"),
        required=False,
        widget=AdminSplitDateTime(),
        help_text=_("Leave empty for a key that never expires."),
    )

    def clean_overlap(self) -> timedelta:
        return timedelta(days=int(self.cleaned_data["overlap"]))
