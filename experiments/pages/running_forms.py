"""The forms of what may change while an experiment runs: its end, its weights, forced variants."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, gettext_lazy

from accounts.reader import Reader
from experiments import deviations, forcing
from experiments.models import Experiment, ForcedVariant, Variant
from experiments.pages.action_form import ActionForm, reason_field

WEIGHT = "weight-"


class DeviationForm(ActionForm):
    """The planned end and a weight for each variant, as they are now; what differs is changed."""

    action, place, possible_in = "deviate", "plan", (Experiment.State.RUNNING,)
    label = gettext_lazy("Change the plan")
    done = gettext_lazy("The plan has changed; this is shown as a deviation.")

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

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["planned_end"].initial = self.experiment.planned_end
        for one in self.experiment.variants.order_by("position"):
            self.fields[f"{WEIGHT}{one.key}"] = _weight_of(one)
        self.order_fields([name for name in self.fields if name != "reason"])

    def act(self, data: dict[str, Any]) -> None:
        weights = {
            name.removeprefix(WEIGHT): value
            for name, value in data.items()
            if name.startswith(WEIGHT)
        }
        try:
            deviations.edit_running(
                self.experiment,
                self.user,
                {"planned_end": data["planned_end"], "weights": weights},
                reason=data["reason"],
                expected_version=data["version"],
                now=self.now,
            )
        except ValidationError as error:
            raise _at_first_weight(error, self.fields) from None


def _weight_of(variant: Variant) -> forms.DecimalField:
    return forms.DecimalField(
        label=gettext("Weight of %(variant)s") % {"variant": variant},
        initial=variant.weight.normalize(),
        max_digits=5,
        decimal_places=4,
        localize=True,
        error_messages={"required": gettext_lazy("Enter a weight.")},
    )


def _at_first_weight(error: ValidationError, fields: dict[str, Any]) -> ValidationError:
    """Return an error about all weights as one of the first field of them."""
    problems = getattr(error, "error_dict", {})
    if "weights" not in problems:
        return error
    first = next(name for name in fields if name.startswith(WEIGHT))
    return ValidationError({first: problems["weights"]})


class ForceForm(ActionForm):
    """A learner or run, by key, and the variant that it is to have."""

    action, place, possible_in = "force", "forced", forcing.POSSIBLE_IN
    label = gettext_lazy("Force a variant")
    done = gettext_lazy("The variant is forced; results do not count this unit.")

    unit = forms.CharField(
        max_length=300, error_messages={"required": gettext_lazy("Enter a key.")}
    )
    variant = forms.ModelChoiceField(
        Variant.objects.none(),
        label=gettext_lazy("Variant"),
        empty_label=None,
        to_field_name="key",
        error_messages={
            "required": gettext_lazy("Choose a variant."),
            "invalid_choice": gettext_lazy("There is no variant %(value)s."),
        },
    )
    reason = reason_field(gettext_lazy("Enter a reason for forcing a variant."))

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        fields: dict[str, Any] = self.fields
        fields["variant"].queryset = self.experiment.variants.order_by("position")
        if self.experiment.unit == Experiment.Unit.RUN:
            fields["unit"].label = gettext("Run")
            fields["unit"].help_text = gettext("The keys of the course and run, such as py/2026-1.")
        else:
            fields["unit"].label = gettext("Learner")
            fields["unit"].help_text = gettext("The key by which the learning platform knows them.")

    def act(self, data: dict[str, Any]) -> None:
        try:
            unit = self._unit_named(data["unit"])
        except ValidationError as error:
            raise ValidationError({"unit": error.messages}) from None
        forcing.force(
            self.experiment, unit, data["variant"], self.user, reason=data["reason"], now=self.now
        )

    def _unit_named(self, text: str) -> Any:
        course, _, run = text.partition("/")
        reader = Reader.of(self.user)
        return forcing.unit_named(self.experiment, reader, learner=text, course=course, run=run)


class ReleaseForm(ActionForm):
    """One of the forced variants, which chance is to replace."""

    action, place, possible_in = "release", "forced", forcing.POSSIBLE_IN
    label = gettext_lazy("Remove a forced variant")
    done = gettext_lazy("The forced variant was removed: chance decides about the unit again.")

    forced = forms.ModelChoiceField(
        ForcedVariant.objects.none(),
        label=gettext_lazy("Unit"),
        empty_label=None,
        error_messages={
            "required": gettext_lazy("Choose a unit."),
            "invalid_choice": gettext_lazy("This unit has no forced variant any more."),
        },
    )
    reason = reason_field(gettext_lazy("Enter a reason for removing a forced variant."))

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        field: Any = self.fields["forced"]
        field.queryset = forcing.visible_to(Reader.of(self.user), self.experiment)
        field.label_from_instance = _unit_and_variant

    @classmethod
    def is_available(cls, experiment: Experiment) -> bool:
        return super().is_available(experiment) and experiment.forced_variants.exists()

    def act(self, data: dict[str, Any]) -> None:
        forcing.release(data["forced"], self.user, reason=data["reason"], now=self.now)


def _unit_and_variant(forced: ForcedVariant) -> str:
    return f"{forcing.written(forced.unit)}: {forced.variant}"
