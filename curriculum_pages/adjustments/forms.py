"""The forms that decide on an adjustment; each calls the function of the improvement app."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, gettext_lazy

from accounts.models import User
from core import reporting_clock
from core.lazy_text import LazyText
from curriculum_pages.form_fields import day_field, start_of
from improvement import decisions
from improvement.models import Adjustment
from kpis.definitions.periods import local_day

Status = Adjustment.Status
MAY_DECIDE = "improvement.decide_adjustment"


def text_field(label: LazyText, missing: LazyText | None = None) -> forms.CharField:
    errors: Any = {"required": missing} if missing else {}
    return forms.CharField(
        label=label, max_length=1_000, required=missing is not None, error_messages=errors
    )


class DecisionForm(forms.Form):
    """A decision, the label of its button, and the message once it is made.

    `version` is that of the adjustment as the page showed it: whoever decides on an outdated page
    learns who decided meanwhile.
    """

    action: ClassVar[str]
    label: ClassVar[LazyText]
    done: ClassVar[LazyText]
    possible_in: ClassVar[tuple[str, ...]]
    is_quiet: ClassVar[bool] = True

    version = forms.IntegerField(
        widget=forms.HiddenInput,
        error_messages={
            "required": gettext_lazy("Reload the page and decide again."),
            "invalid": gettext_lazy("Reload the page and decide again."),
        },
    )

    def __init__(
        self, data: Any = None, *, adjustment: Adjustment, user: User, now: datetime
    ) -> None:
        self.adjustment, self.user, self.now = adjustment, user, now
        super().__init__(data, auto_id=f"{self.action}-{adjustment.pk}-%s", label_suffix="")

    @classmethod
    def is_available(cls, adjustment: Adjustment) -> bool:
        return adjustment.status in cls.possible_in

    def perform(self) -> bool:
        """Make the decision; return False and set the form's errors if that fails."""
        if not self.is_valid():
            return False
        try:
            self.decide(self.cleaned_data)
        except ValidationError as error:
            self.add_error(None, error)
            return False
        return True

    def decide(self, data: dict[str, Any]) -> None:
        raise NotImplementedError

    @property
    def current_version(self) -> int:
        """The version that the next submission starts from."""
        return self.adjustment.version

    @property
    def form_id(self) -> str:
        return f"{self.action}-{self.adjustment.pk}"


class ApproveForm(DecisionForm):
    action, is_quiet, possible_in = "approve", False, (Status.PROPOSED,)
    label, done = gettext_lazy("Approve"), gettext_lazy("Adjustment approved.")

    applies_from = day_field()
    reason = text_field(gettext_lazy("Reason (optional)"))

    def clean_applies_from(self) -> date | None:
        day: date | None = self.cleaned_data["applies_from"]
        if day and day < local_day(self.now, reporting_clock.reporting_zone()):
            raise ValidationError(gettext("Enter today or a later day."))
        return day

    def decide(self, data: dict[str, Any]) -> None:
        decisions.approve(
            self.adjustment,
            self.user,
            reason=data["reason"],
            applies_from=start_of(data["applies_from"], self.now),
            expected_version=data["version"],
        )


class RejectForm(DecisionForm):
    action, possible_in = "reject", (Status.PROPOSED,)
    label, done = gettext_lazy("Reject"), gettext_lazy("Adjustment rejected.")

    reason = text_field(gettext_lazy("Reason"), gettext_lazy("Enter a reason for rejecting."))

    def decide(self, data: dict[str, Any]) -> None:
        decisions.reject(
            self.adjustment, self.user, reason=data["reason"], expected_version=data["version"]
        )


class KeepForm(DecisionForm):
    action, is_quiet, possible_in = "keep", False, (Status.WATCHED,)
    label, done = gettext_lazy("Keep"), gettext_lazy("The change is kept.")

    reason = text_field(gettext_lazy("Reason (optional)"))

    def decide(self, data: dict[str, Any]) -> None:
        decisions.keep(
            self.adjustment, self.user, reason=data["reason"], expected_version=data["version"]
        )


class RevertForm(DecisionForm):
    action, possible_in = "revert", (Status.APPROVED, Status.WATCHED, Status.KEPT)
    label, done = gettext_lazy("Revert"), gettext_lazy("The change was reverted.")

    reason = text_field(gettext_lazy("Reason"), gettext_lazy("Enter a reason for reverting."))

    def decide(self, data: dict[str, Any]) -> None:
        decisions.revert(
            self.adjustment, self.user, reason=data["reason"], expected_version=data["version"]
        )


DECISIONS: dict[str, type[DecisionForm]] = {
    one.action: one for one in (ApproveForm, RejectForm, KeepForm, RevertForm)
}


def forms_for(
    adjustment: Adjustment, user: User, now: datetime, sent: DecisionForm | None = None
) -> list[DecisionForm]:
    """Return the forms of the decisions that are possible now, one of them with its errors."""
    return [
        sent
        if sent and sent.action == one.action
        else one(adjustment=adjustment, user=user, now=now)
        for one in DECISIONS.values()
        if one.is_available(adjustment)
    ]
