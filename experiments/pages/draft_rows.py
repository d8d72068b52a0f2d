"""The repeated rows of a draft's form: variants, values and guardrails.

Some rows stay empty, so that the form is complete without JavaScript; saving adds new ones, and a
row that somebody empties is removed.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy

from curriculum.parameters import ParameterDefinition
from experiments.pages.kpi_choices import NONE, offer_kpis

# empty rows of a form
SPARE = 2
# what nobody can mean seriously, and what a request must not make the server build
MOST = 20


class VariantForm(forms.Form):
    key = forms.CharField(label=gettext_lazy("Key"), max_length=50)
    name = forms.CharField(label=gettext_lazy("Name (optional)"), max_length=200, required=False)
    weight = forms.DecimalField(
        label=gettext_lazy("Weight"),
        min_value=0,
        max_value=1,
        max_digits=5,
        decimal_places=4,
        localize=True,
        help_text=gettext_lazy("Share of the units, such as 0.5 for half."),
    )
    is_control = forms.BooleanField(label=gettext_lazy("Control"), required=False)


class ValueForm(forms.Form):
    """The value of a parameter in a variant, which is named by its key."""

    variant = forms.CharField(label=gettext_lazy("Key of the variant"), max_length=50)
    parameter = forms.ChoiceField(label=gettext_lazy("Parameter"))
    module = forms.CharField(
        label=gettext_lazy("Module (optional)"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Course and module, such as py/m1. Empty: wherever it applies."),
    )
    value = forms.CharField(label=gettext_lazy("Value"), max_length=100)

    def __init__(
        self,
        *args: Any,
        choices: list[tuple[str, str]],
        definitions: dict[str, ParameterDefinition],
        **more: Any,
    ) -> None:
        self.definitions = definitions
        super().__init__(*args, **more)
        field: Any = self.fields["parameter"]
        field.choices = [NONE, *choices]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("parameter") and data.get("value"):
            definition = self.definitions[data["parameter"]]
            try:
                data["value"] = definition.value_type.parse(data["value"])
            except ValidationError as error:
                self.add_error("value", error)
        return data


class GuardrailForm(forms.Form):
    kpi = forms.ChoiceField(label=gettext_lazy("Guardrail"))
    margin = forms.FloatField(
        label=gettext_lazy("Margin"),
        min_value=0,
        localize=True,
        help_text=gettext_lazy("In the KPI's unit, such as 2 for 2 percentage points."),
    )

    def __init__(self, *args: Any, unit: str, **more: Any) -> None:
        super().__init__(*args, **more)
        offer_kpis(self.fields["kpi"], unit, [str(self["kpi"].value() or "")], none=True)


class Rows(forms.BaseFormSet):  # type: ignore[type-arg]
    """Rows that are all optional: those that were there before can be emptied, too."""

    def initial_form_count(self) -> int:
        return 0

    def total_form_count(self) -> int:
        if self.is_bound:
            return super().total_form_count()
        return min(len(self.initial or ()) + SPARE, MOST)


def _rows(form: Any) -> Any:
    return forms.formset_factory(form, formset=Rows, extra=SPARE, max_num=MOST, absolute_max=MOST)


VariantRows, ValueRows, GuardrailRows = map(_rows, (VariantForm, ValueForm, GuardrailForm))


def filled(rows: Any) -> list[dict[str, Any]]:
    """Return the rows of a valid formset that somebody has filled in."""
    return [one.cleaned_data for one in rows if one.has_changed() and one.cleaned_data]


def two_variants() -> list[dict[str, Any]]:
    """Return what most experiments compare: a control and one other, half of the units each."""
    half = Decimal("0.5")
    return [
        {"key": "control", "weight": half, "is_control": True},
        {"key": "treatment", "weight": half},
    ]
