"""The forms that start, stop, change and decide experiments; each calls the app's own function."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, gettext_lazy

from accounts.models import User
from core.lazy_text import LazyText
from experiments import decisions, lifecycle
from experiments.analysis.analyze import analyze
from experiments.models import Experiment, Variant

State = Experiment.State
MAY_RUN = "experiments.run_experiment"


def reason_field(missing: LazyText) -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Reason"), max_length=1_000, error_messages={"required": missing}
    )


class ActionForm(forms.Form):
    """An action, the label of its button, and the message once it is done.

    `version` is that of the experiment as the page showed it: whoever acts on an outdated page
    learns what happened meanwhile.
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
        self, data: Any = None, *, experiment: Experiment, user: User, now: datetime
    ) -> None:
        self.experiment, self.user, self.now = experiment, user, now
        super().__init__(data, auto_id=f"{self.action}-%s", label_suffix="")

    @classmethod
    def is_available(cls, experiment: Experiment) -> bool:
        return experiment.state in cls.possible_in

    def perform(self) -> bool:
        """Do it; return False and set the form's errors if that fails."""
        if not self.is_valid():
            return False
        try:
            self.act(self.cleaned_data)
        except ValidationError as error:
            self._add(error)
            return False
        return True

    def _add(self, error: ValidationError) -> None:
        if not hasattr(error, "error_dict"):
            self.add_error(None, error)
            return
        for name, messages in error.message_dict.items():
            self.add_error(name if name in self.fields else None, messages)

    def act(self, data: dict[str, Any]) -> None:
        raise NotImplementedError

    @property
    def current_version(self) -> int:
        """The version that the next submission starts from."""
        return self.experiment.version

    @property
    def form_id(self) -> str:
        return f"act-{self.action}"


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
        if data["version"] != self.experiment.version:
            raise ValidationError(gettext("The draft has changed meanwhile; read it again."))
        lifecycle.delete(self.experiment)


class AnalyzeForm(ActionForm):
    action, possible_in = "analyze", (State.RUNNING, State.STOPPED)
    label, done = gettext_lazy("Analyze now"), gettext_lazy("The results are up to date.")

    def act(self, data: dict[str, Any]) -> None:
        analyze(self.experiment, now=self.now)


class ExtendForm(ActionForm):
    action, possible_in = "extend", (State.RUNNING,)
    label = gettext_lazy("Change the planned end")
    done = gettext_lazy("The planned end has changed; this is shown as a deviation.")

    planned_end = forms.DateField(
        label=gettext_lazy("Planned end"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages={
            "required": gettext_lazy("Enter a date."),
            "invalid": gettext_lazy("Enter a date such as 2026-03-31."),
        },
    )
    reason = reason_field(gettext_lazy("Enter a reason for the deviation."))

    def act(self, data: dict[str, Any]) -> None:
        lifecycle.edit_running(
            self.experiment,
            self.user,
            {"planned_end": data["planned_end"]},
            reason=data["reason"],
            expected_version=data["version"],
            now=self.now,
        )


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
    for one in (StartForm, AnalyzeForm, ExtendForm, StopForm, DecideForm, DeleteForm)
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
