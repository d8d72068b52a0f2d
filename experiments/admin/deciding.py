"""The page on which staff confirm that experiments start, stop or are decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy

from accounts.models import User
from core.lazy_text import LazyText
from experiments import decisions, lifecycle
from experiments.models import Experiment
from improvement.admin.deciding import Outcome, Seen

State = Experiment.State


def _start(row: Experiment, by: User, given: Mapping[str, Any], version: int) -> object:
    return lifecycle.start(row, by, underpowered_reason=given["reason"], expected_version=version)


def _stop(row: Experiment, by: User, given: Mapping[str, Any], version: int) -> object:
    return lifecycle.stop(row, by, reason=given["reason"], expected_version=version)


def _decide(row: Experiment, by: User, given: Mapping[str, Any], version: int) -> object:
    variant, key = None, given["variant"]
    if key:
        variant = row.variants.filter(key=key).first()
        if variant is None:
            raise ValidationError(gettext("There is no variant %(key)s.") % {"key": key})
    return decisions.decide(
        row,
        by,
        verdict=given["verdict"],
        reason=given["reason"],
        variant=variant,
        expected_version=version,
    )


@dataclass(frozen=True, kw_only=True)
class Action:
    """What the admin offers: how it is called, when it is possible, what it needs."""

    perform: Callable[[Experiment, User, Mapping[str, Any], int], object]
    title: LazyText
    action: LazyText
    done: LazyText
    states: tuple[str, ...]
    reason: LazyText
    needs_reason: bool = True
    has_verdict: bool = False


ACTIONS: Mapping[str, Action] = {
    "start": Action(
        perform=_start,
        title=gettext_lazy("Start"),
        action=gettext_lazy("Start the selected experiments"),
        done=pgettext_lazy("experiment", "started"),
        states=(State.DRAFT,),
        reason=gettext_lazy("Why it is to start although it will probably find nothing"),
        needs_reason=False,
    ),
    "stop": Action(
        perform=_stop,
        title=gettext_lazy("Stop"),
        action=gettext_lazy("Stop the selected experiments"),
        done=pgettext_lazy("experiment", "stopped"),
        states=(State.RUNNING,),
        reason=gettext_lazy("Reason"),
    ),
    "decide": Action(
        perform=_decide,
        title=gettext_lazy("Decide"),
        action=gettext_lazy("Decide about the selected experiments"),
        done=pgettext_lazy("experiment", "decided"),
        states=(State.RUNNING, State.STOPPED),
        reason=gettext_lazy("Reason"),
        has_verdict=True,
    ),
}


class ActionForm(forms.Form):
    """The reason, and for a decision the verdict and the variant to ship."""

    verdict = forms.ChoiceField(
        label=gettext_lazy("Verdict"), choices=[("", "–"), *Experiment.Verdict.choices]
    )
    variant = forms.CharField(
        label=gettext_lazy("Variant to ship"),
        required=False,
        max_length=50,
        help_text=gettext_lazy("Its key. For no other verdict."),
    )
    reason = forms.CharField(
        max_length=800, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, action: Action) -> None:
        super().__init__(data)
        self.fields["reason"].label = str(action.reason)
        if action.needs_reason:
            self.fields["reason"].required = True
            self.fields["reason"].error_messages["required"] = gettext("Enter a reason.")
        if not action.has_verdict:
            del self.fields["verdict"], self.fields["variant"]


def perform(
    action: Action,
    rows: QuerySet[Experiment],
    seen: Iterable[Seen],
    given: Mapping[str, Any],
    by: User,
) -> list[Outcome]:
    """Act on each experiment in a transaction of its own."""
    seen = list(seen)
    found = rows.in_bulk([one.pk for one in seen])
    outcomes = []
    for one in seen:
        experiment = found.get(one.pk)
        if experiment is None:
            outcomes.append(Outcome(gettext("An experiment no longer exists."), is_done=False))
            continue
        try:
            action.perform(experiment, by, given, one.version)
        except ValidationError as error:
            text = f"{experiment}: {' '.join(error.messages)}"
            outcomes.append(Outcome(text, is_done=False))
        else:
            outcomes.append(Outcome(f"{experiment}: {action.done}", is_done=True))
    return outcomes
