"""The form of an adjustment rule."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

from django import forms
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from core import localized
from curriculum import parameters
from curriculum.parameters import ParameterDefinition
from improvement.automatic import changes_this_month
from improvement.effects.figures import measurable_kpis
from improvement.experiments import EXPERIMENTS
from improvement.models import AdjustmentRule, AutomaticBudget

Mode = AdjustmentRule.Mode


def parameter_choices() -> list[tuple[str, str]]:
    """Return the curriculum parameters that are in use: a rule must not move a measure."""
    found = [one for one in parameters.load_all().values() if one.is_adjustable]
    return [(one.key, f"{gettext(one.name)} ({one.key})") for one in found]


class AdjustmentRuleForm(forms.ModelForm):
    """A rule; its limit is written like a value of its parameter, such as 14 days or 70%."""

    parameter_key = forms.ChoiceField(label=gettext_lazy("Parameter"), choices=parameter_choices)
    farthest = forms.CharField(
        label=gettext_lazy("At most so far"),
        required=False,
        max_length=100,
        help_text=gettext_lazy(
            "A value of the parameter, such as 14 days or 70%. The rule never proposes one beyond "
            "it. Leave empty for the bounds of the parameter."
        ),
    )
    guard_kpis = forms.MultipleChoiceField(
        label=gettext_lazy("Guard KPIs"),
        choices=measurable_kpis,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(
            "If one of these gets worse after a change, its revert is proposed at once."
        ),
    )

    class Meta:
        model = AdjustmentRule
        # the parameter comes before the limit, which is one of its values
        fields = (
            "name", "alert_rule", "when", "is_active", "parameter_key", "steps", "farthest",
            "cooldown_days", "mode", "watch_days", "guard_kpis",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "farthest" in self.fields:
            known = parameters.load_all(retired=True).get(self.instance.parameter_key)
            self.initial["farthest"] = farthest_text(self.instance, known)
        if "mode" in self.fields:
            self._explain_modes(cast("forms.ChoiceField", self.fields["mode"]))

    def _explain_modes(self, field: forms.ChoiceField) -> None:
        without = gettext("not available: there are no experiments yet")
        field.choices = [
            (
                value,
                f"{label} ({without})" if value == Mode.EXPERIMENT and not EXPERIMENTS else label,
            )
            for value, label in Mode.choices
        ]
        field.help_text = budget_text()

    def clean_farthest(self) -> Decimal | None:
        text: str = self.cleaned_data["farthest"]
        key = self.cleaned_data.get("parameter_key")
        if not text or key is None:
            return None
        return parameters.definition_of(key).parse(text)


def farthest_text(rule: AdjustmentRule, definition: ParameterDefinition | None) -> str:
    """Return the limit with the unit of its parameter; empty for the bounds of the parameter."""
    if rule.farthest is None:
        return ""
    if definition is None:
        return localized.number(rule.farthest, 4, trimmed=True)
    return definition.written(rule.farthest)


def budget_text() -> str:
    """Return how much of the month's automatic budget is used."""
    budget = AutomaticBudget.objects.filter(pk=1).first()
    if budget is None or not budget.changes_per_month:
        return gettext(
            "Automatic changes are off: until the automatic budget is set, such rules only propose."
        )
    return gettext("Automatic changes this month: %(made)s of %(budget)s.") % {
        "made": localized.number(changes_this_month(timezone.now())),
        "budget": localized.number(budget.changes_per_month),
    }
