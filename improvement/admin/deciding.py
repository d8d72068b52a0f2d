"""The page on which staff confirm a decision about adjustments, with its reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminSplitDateTime
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy

from accounts.models import User
from core.lazy_text import LazyText
from improvement import decisions
from improvement.first_days import MAX_AHEAD
from improvement.models import Adjustment

Status = Adjustment.Status


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A decision that the admin offers: what it is called, where it is possible, what it needs."""

    verb: Callable[..., Adjustment]
    title: LazyText
    action: LazyText
    done: LazyText
    statuses: tuple[str, ...]
    needs_reason: bool = False
    has_first_day: bool = False


DECISIONS: Mapping[str, Decision] = {
    "approve": Decision(
        verb=decisions.approve,
        title=gettext_lazy("Approve"),
        action=gettext_lazy("Approve the selected adjustments"),
        done=pgettext_lazy("adjustment", "approved"),
        statuses=(Status.PROPOSED,),
        has_first_day=True,
    ),
    "reject": Decision(
        verb=decisions.reject,
        title=gettext_lazy("Reject"),
        action=gettext_lazy("Reject the selected adjustments"),
        done=gettext_lazy("rejected"),
        statuses=(Status.PROPOSED,),
        needs_reason=True,
    ),
    "keep": Decision(
        verb=decisions.keep,
        title=gettext_lazy("Keep"),
        action=gettext_lazy("Keep the selected changes"),
        done=pgettext_lazy("adjustment", "kept"),
        statuses=(Status.WATCHED,),
    ),
    "revert": Decision(
        verb=decisions.revert,
        title=gettext_lazy("Revert"),
        action=gettext_lazy("Revert the selected changes"),
        done=gettext_lazy("reverted"),
        statuses=(Status.APPROVED, Status.WATCHED, Status.KEPT),
        needs_reason=True,
    ),
}


class DecisionForm(forms.Form):
    """The reason, and for an approval the first day."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=800,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    applies_from = forms.SplitDateTimeField(
        label=gettext_lazy("Applies from"),
        required=False,
        widget=AdminSplitDateTime(),
        help_text=gettext_lazy("Empty: from now on."),
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, decision: Decision) -> None:
        super().__init__(data)
        if decision.needs_reason:
            self.fields["reason"].required = True
            self.fields["reason"].error_messages["required"] = gettext("Enter a reason.")
        if not decision.has_first_day:
            del self.fields["applies_from"]

    def clean_applies_from(self) -> Any:
        begins = self.cleaned_data["applies_from"]
        if begins and begins > timezone.now() + MAX_AHEAD:
            raise ValidationError(gettext("The value must apply within two years."))
        return begins


@dataclass(frozen=True)
class Seen:
    """An adjustment and the version of it that the reader saw."""

    pk: int
    version: int

    @classmethod
    def read(cls, sent: Iterable[str]) -> list[Seen]:
        """Read `id-version`; what is malformed was not sent by our page and is left out."""
        pairs = (one.split("-") for one in sent)
        return [
            cls(int(pair[0]), int(pair[1]))
            for pair in pairs
            if len(pair) == 2 and all(one.isdecimal() and len(one) < 18 for one in pair)
        ]


@dataclass(frozen=True)
class Outcome:
    """What became of a decision about one adjustment."""

    text: str
    is_done: bool


def perform(
    decision: Decision,
    rows: QuerySet[Adjustment],
    seen: Iterable[Seen],
    given: Mapping[str, Any],
    by: User,
) -> list[Outcome]:
    """Decide about each adjustment in a transaction of its own."""
    seen = list(seen)
    found = rows.in_bulk([one.pk for one in seen])
    outcomes = []
    for one in seen:
        adjustment = found.get(one.pk)
        if adjustment is None:
            outcomes.append(Outcome(gettext("An adjustment no longer exists."), is_done=False))
            continue
        name = f"{title(adjustment)}:"
        try:
            decision.verb(adjustment, by, expected_version=one.version, **given)
        except ValidationError as error:
            outcomes.append(Outcome(f"{name} {' '.join(error.messages)}", is_done=False))
        else:
            outcomes.append(Outcome(f"{name} {decision.done}", is_done=True))
    return outcomes


def title(adjustment: Adjustment) -> str:
    """Return the parameter's name, its place and the values."""
    parameter = adjustment.parameter
    name = parameter.display_name if parameter else adjustment.parameter_key
    place = adjustment.place or gettext("Whole site")
    return f"{name}, {place} ({adjustment.values})"
