"""The forms that start, stop, change and decide experiments; each calls the app's own function."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from accounts.models import User
from experiments import decisions, lifecycle
from experiments.analysis.analyze import analyze
from experiments.models import Experiment, Variant
from experiments.pages.action_form import ActionForm, reason_field
from experiments.pages.running_forms import DeviationForm, ForceForm, ReleaseForm

State = Experiment.State


class StartForm(ActionForm):
    action, is_quiet, possible_in = "start", False, (State.DRAFT,)
    label, done = gettext_lazy("Start"), gettext_lazy("The experiment has started.")

    underpowered_reason = forms.CharField(
        label=gettext_lazy("Reason to start it although it may find nothing (optional)"),
        max_length=1_000,
        required=False,
    )

    def act(self, data: dict[str, Any]) -> None:
        lifecycle.start(
            self.experiment,
            self.user,
            underpowered_reason=data["underpowered_reason"],
            expected_version=data["version"],
            now=self.now,
        )


class DeleteForm(ActionForm):
    action, possible_in = "delete", (State.DRAFT,)
    label, done = gettext_lazy("Delete the draft"), gettext_lazy("The draft was deleted.")

    def act(self, data: dict[str, Any]) -> None:
        lifecycle.delete(self.experiment, expected_version=data["version"])


class AnalyzeForm(ActionForm):
    action, possible_in = "analyze", (State.RUNNING, State.STOPPED)
    label, done = gettext_lazy("Analyze now"), gettext_lazy("The results are up to date.")

    def act(self, data: dict[str, Any]) -> None:
        analyze(self.experiment, now=self.now)


class StopForm(ActionForm):
    action, possible_in = "stop", (State.RUNNING,)
    label = gettext_lazy("Stop")
    done = gettext_lazy("The experiment was stopped: everybody gets the ordinary values.")

    reason = reason_field(gettext_lazy("Enter a reason for stopping."))

    def act(self, data: dict[str, Any]) -> None:
        lifecycle.stop(
            self.experiment,
            self.user,
            reason=data["reason"],
            expected_version=data["version"],
            now=self.now,
        )


class DecideForm(ActionForm):
    action, is_quiet, possible_in = "decide", False, (State.RUNNING, State.STOPPED)
    label, done = gettext_lazy("Decide"), gettext_lazy("The decision was made.")

    verdict = forms.ChoiceField(
        label=gettext_lazy("Decision"),
        choices=Experiment.Verdict.choices,
        error_messages={"required": gettext_lazy("Choose a verdict.")},
    )
    variant = forms.ModelChoiceField(
        Variant.objects.none(),
        label=gettext_lazy("Variant to ship"),
        required=False,
        empty_label=gettext_lazy("None"),
        to_field_name="key",
    )
    reason = reason_field(gettext_lazy("Enter a reason for the decision."))

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        rows = self.experiment.variants.filter(is_control=False)
        self.fields["variant"].queryset = rows  # type: ignore[attr-defined]

    def act(self, data: dict[str, Any]) -> None:
        decisions.decide(
            self.experiment,
            self.user,
            verdict=data["verdict"],
            variant=data["variant"],
            reason=data["reason"],
            expected_version=data["version"],
            now=self.now,
        )


ACTIONS: dict[str, type[ActionForm]] = {
    one.action: one
    for one in (
        StartForm,
        AnalyzeForm,
        DeviationForm,
        ForceForm,
        ReleaseForm,
        StopForm,
        DecideForm,
        DeleteForm,
    )
}


def forms_for(
    experiment: Experiment, user: User, now: datetime, sent: ActionForm | None = None
) -> list[ActionForm]:
    """Return the forms of what is possible now, one of them with its errors."""
    return [
        sent
        if sent and sent.action == one.action
        else one(experiment=experiment, user=user, now=now)
        for one in ACTIONS.values()
        if one.is_available(experiment)
    ]
