"""The page on which staff confirm that experiments start, stop, change or are decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminDateWidget
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy

from accounts.models import User
from core.lazy_text import LazyText
from experiments import decisions, deviations, forcing, lifecycle
from experiments.models import Experiment
from improvement.admin.deciding import Outcome, Seen

State = Experiment.State


def _start(row: Experiment, by: User, given: Mapping[str, Any], version: int) -> object:
    return lifecycle.start(row, by, underpowered_reason=given["reason"], expected_version=version)


def _stop(row: Experiment, by: User, given: Mapping[str, Any], version: int) -> object:
    return lifecycle.stop(row, by, reason=given["reason"], expected_version=version)


def _deviate(row: Experiment, by: User, given: Mapping[str, Any], version: int) -> object:
    changes = {name: given[name] for name in deviations.EDITABLE if given[name]}
    return deviations.edit_running(
        row, by, changes, reason=given["reason"], expected_version=version
    )


def _decide(row: Experiment, by: User, given: Mapping[str, Any], version: int) -> object:
    key = given["variant"]
    variant = forcing.variant_named(row, key) if key else None
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
    # of the form, beside the reason
    fields: tuple[str, ...] = ()


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
    "deviate": Action(
        perform=_deviate,
        title=gettext_lazy("Change the plan"),
        action=gettext_lazy("Change the plan of the selected experiments"),
        done=pgettext_lazy("experiment", "changed"),
        states=(State.RUNNING,),
        reason=gettext_lazy("Reason for the deviation"),
        fields=deviations.EDITABLE,
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
        fields=("verdict", "variant"),
    ),
}


class ActionForm(forms.Form):
    """The reason, and what an action needs beside it."""

    planned_end = forms.DateField(
        label=gettext_lazy("Planned end"),
        required=False,
        widget=AdminDateWidget,
        help_text=gettext_lazy("Empty: as it is."),
    )
    weights = forms.CharField(
        label=gettext_lazy("Weights"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy(
            "One per line, for each variant, such as control = 0.5. Empty: as they are. Everything "
            "else of the plan is locked."
        ),
    )
    verdict = forms.ChoiceField(
        label=gettext_lazy("Verdict"), choices=[("", "–"), *Experiment.Verdict.choices]
    )
    variant = forms.CharField(
        label=gettext_lazy("Variant to ship"),
        required=False,
        max_length=50,
        help_text=gettext_lazy("The variant's key. Only for the verdict “Ship”."),
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
        for name in {*self.fields} - {*action.fields, "reason"}:
            del self.fields[name]

    def clean_weights(self) -> dict[str, str]:
        lines = (line.strip() for line in self.cleaned_data["weights"].splitlines())
        pairs = [line.partition("=") for line in lines if line]
        for key, separator, weight in pairs:
            if not (key.strip() and separator and weight.strip()):
                line = f"{key}{separator}{weight}"
                text = gettext("“%(line)s” is not like control = 0.5.")
                raise ValidationError(text % {"line": line})
        return {key.strip(): weight.strip() for key, _, weight in pairs}


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
