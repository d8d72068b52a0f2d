"""The form with which staff add a curriculum parameter."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy

from accounts.models import User
from curriculum import parameters
from curriculum.models import Parameter
from curriculum.parameter_kinds import DurationUnit, Kind, ValueType, read_unit
from curriculum.parameters import SCOPE_KINDS, ParameterDefinition
from curriculum_pages.form_fields import reason_field

MAY_ADD = "curriculum.add_addedparameter"
# what the table of parameters can hold
LIMIT, FINEST_STEP = Decimal(99999999), Decimal("0.0001")
NUMERIC = (Kind.NUMBER, Kind.SHARE, Kind.DURATION)
SCOPE_NAMES = (
    ("course", gettext_lazy("Courses")),
    ("run", gettext_lazy("Course runs")),
    ("module", gettext_lazy("Modules")),
)


def text(
    label: Any, help_text: Any = "", *, required: bool = False, **more: Any
) -> forms.CharField:
    return forms.CharField(
        label=label, help_text=help_text, required=required, max_length=200, **more
    )


class AddParameterForm(forms.Form):
    name = text(
        gettext_lazy("Name"),
        required=True,
        error_messages={"required": gettext_lazy("Enter a name.")},
    )
    key = text(
        gettext_lazy("Key"),
        gettext_lazy("The learning platform reads the value by this key, such as coach.calls."),
        required=True,
        error_messages={"required": gettext_lazy("Enter a key such as coach.calls.")},
    )
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Kind.choices)
    unit = text(
        gettext_lazy("Unit (optional)"),
        gettext_lazy("A duration is in minutes, hours, days or weeks; a number in any unit."),
    )
    value = text(
        gettext_lazy("Value for the whole site"),
        gettext_lazy("Such as 7, 70%, On, or one of the choices."),
        required=True,
        error_messages={"required": gettext_lazy("Enter a value.")},
    )
    minimum = text(gettext_lazy("Minimum"), gettext_lazy("Not for a choice or a switch."))
    maximum = text(gettext_lazy("Maximum"), gettext_lazy("Not for a choice or a switch."))
    step = text(
        pgettext_lazy("of a parameter", "Step"), gettext_lazy("Not for a choice or a switch.")
    )
    choices = forms.CharField(
        label=gettext_lazy("Choices"),
        required=False,
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Only for a choice, one on each line."),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("Can have a value of their own"),
        choices=SCOPE_NAMES,
        initial=list(SCOPE_KINDS),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    applies_to = forms.ChoiceField(
        label=gettext_lazy("A new value applies to"),
        choices=Parameter.AppliesTo.choices,
        initial=Parameter.AppliesTo.EVERYONE,
    )
    help = forms.CharField(
        label=gettext_lazy("Description (optional)"),
        required=False,
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    reason = reason_field(gettext_lazy("Enter a reason for adding it."))

    def __init__(self, data: Any = None, *, user: User) -> None:
        self.user = user
        super().__init__(data, auto_id="add-%s", label_suffix="")

    def clean_unit(self) -> str:
        return read_unit(self.cleaned_data["unit"], self.cleaned_data.get("kind", ""))

    def clean_choices(self) -> list[str]:
        lines = self.cleaned_data["choices"].splitlines()
        return [one.strip() for one in lines if one.strip()]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        kind = data.get("kind")
        if kind == Kind.DURATION and data.get("unit") not in DurationUnit.values:
            self.add_error("unit", gettext("Choose minutes, hours, days or weeks as the unit."))
        elif kind in NUMERIC:
            for name in ("minimum", "maximum", "step"):
                self._parse(name, missing=gettext("Enter a number."))
        elif kind:
            last = 1 if kind == Kind.SWITCH else max(len(data.get("choices", ())) - 1, 0)
            data |= {"minimum": Decimal(0), "maximum": Decimal(last), "step": Decimal(1)}
        if kind and "unit" not in self.errors:
            self._parse("value")
        return data

    def _parse(self, name: str, missing: str = "") -> None:
        """Replace a text by the value that it means, before the bounds are known."""
        typed = self.cleaned_data.get(name, "")
        if not typed and missing:
            self.add_error(name, missing)
        if not typed:
            return
        try:
            self.cleaned_data[name] = self._any_value(str(self.fields[name].label)).parse(typed)
        except ValidationError as error:
            self.add_error(name, error)

    def _any_value(self, name: str) -> ValueType:
        data = self.cleaned_data
        kind, choices = data["kind"], data.get("choices", ())
        least, most = {
            Kind.NUMBER.value: (-LIMIT, LIMIT),
            Kind.DURATION.value: (Decimal(0), LIMIT),
            Kind.CHOICE.value: (Decimal(0), Decimal(max(len(choices) - 1, 0))),
        }.get(kind, (Decimal(0), Decimal(1)))
        step = FINEST_STEP if kind in NUMERIC else Decimal(1)
        return ValueType(
            name=name,
            kind=kind,
            minimum=least,
            maximum=most,
            step=step,
            unit=data.get("unit", ""),
            choices=choices,
        )

    def perform(self) -> Parameter | None:
        """Add the parameter; return None and set the form's errors if that fails."""
        if not self.is_valid():
            return None
        try:
            definition = self._definition()
            return parameters.add(definition, reason=self.cleaned_data["reason"], by=self.user)
        except ValidationError as error:
            self.add_error(None, error) if not hasattr(error, "error_dict") else self._add(error)
        return None

    def _add(self, error: ValidationError) -> None:
        for name, messages in error.message_dict.items():
            self.add_error(name if name in self.fields else None, messages)

    def _definition(self) -> ParameterDefinition:
        """ValidationError if the bounds do not allow the value."""
        data = self.cleaned_data
        values = {name: data[name] for name in ("minimum", "maximum", "step", "kind", "unit")}
        choices: Sequence[str] = data["choices"]
        typed = ValueType(name=data["name"], choices=choices, **values)
        typed.require_sense()
        try:
            typed.check(data["value"])
        except ValidationError as error:
            raise ValidationError({"value": error.messages}) from None
        return ParameterDefinition(
            key=data["key"],
            name=data["name"],
            help=data["help"],
            role=Parameter.Role.CURRICULUM,
            default=data["value"],
            minimum=data["minimum"],
            maximum=data["maximum"],
            step=data["step"],
            kind=Kind(data["kind"]),
            unit=data["unit"],
            choices=tuple(choices),
            scopes=tuple(one for one in SCOPE_KINDS if one in data["scopes"]),
            applies_to=Parameter.AppliesTo(data["applies_to"]),
            is_added=True,
        )
