"""The forms on the page of a parameter: set a value, and revert a change."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, gettext_lazy

from accounts.models import User
from curriculum.models import ParameterChange
from curriculum.parameters import ParameterDefinition
from curriculum_pages.form_fields import day_field, reason_field, start_of
from curriculum_pages.parameters import editing, typed_values
from curriculum_pages.place_filters import Place

MAY_CHANGE = "curriculum.change_parameter"


class SetValueForm(forms.Form):
    """Set a place's own value. `opened_with` is the version that the page showed."""

    value = forms.CharField(
        label=gettext_lazy("Value"),
        max_length=100,
        error_messages={"required": gettext_lazy("Enter a value.")},
    )
    applies_from = day_field()
    reason = reason_field(gettext_lazy("Enter a reason for the change."))
    opened_with = forms.CharField(max_length=100, widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        data: Any = None,
        *,
        definition: ParameterDefinition,
        place: Place,
        user: User,
        now: datetime,
        value: Decimal | None,
    ) -> None:
        self.definition, self.place, self.user, self.now = definition, place, user, now
        super().__init__(data, auto_id="set-%s", label_suffix="")
        self.fields["value"] = value_field(definition)
        self.fields["value"].initial = entered(definition, value)
        self.order_fields(["value", "applies_from", "reason", "opened_with"])

    @property
    def version(self) -> str:
        """The version that the next submission starts from."""
        return editing.version_of(self.definition.key, self.place)

    def clean_value(self) -> Decimal:
        return self.definition.parse(self.cleaned_data["value"])

    def perform(self) -> bool:
        """Set the value; return False and set the form's errors if that fails."""
        if not self.is_valid():
            return False
        data = self.cleaned_data
        try:
            is_new = editing.set_value(
                self.definition,
                self.place,
                data["value"],
                reason=data["reason"],
                by=self.user,
                effective_from=start_of(data["applies_from"], self.now),
                opened_with=data["opened_with"],
            )
        except ValidationError as error:
            self.add_error(None, error)
            return False
        if not is_new:
            self.add_error("value", gettext("This is the value that applies already."))
        return is_new


def entered(definition: ParameterDefinition, value: Decimal | None) -> str:
    """Return a value as it stands in the field of a form."""
    return "" if value is None else definition.value_type.short(value)


def value_field(definition: ParameterDefinition) -> forms.Field:
    """Return the field for a value: a choice among labels, or a text with the right keyboard."""
    required = {"required": gettext("Enter a value.")}
    if labels := definition.value_type.labels():
        return forms.ChoiceField(
            label=gettext("Value"),
            choices=[(one, one) for one in labels],
            error_messages=required
            | {
                "invalid_choice": gettext("Choose one of: %(choices)s.")
                % {"choices": ", ".join(labels)}
            },
        )
    return forms.CharField(
        label=gettext("Value"),
        max_length=100,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        help_text=typed_values.range_text(definition),
        error_messages=required,
    )


class RevertForm(forms.Form):
    """Revert a change: the value from before it applies from now on."""

    reason = reason_field(gettext_lazy("Enter a reason for reverting."))

    def __init__(self, data: Any = None, *, change: ParameterChange, user: User) -> None:
        self.change, self.user = change, user
        super().__init__(data, auto_id=f"revert-{change.pk}-%s", label_suffix="")

    def perform(self) -> bool:
        if not self.is_valid():
            return False
        try:
            editing.revert(self.change, reason=self.cleaned_data["reason"], by=self.user)
        except ValidationError as error:
            self.add_error(None, error)
            return False
        return True
