"""Propose a value by hand: somebody decides, and its effect on a KPI is measured."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext, gettext_lazy

from accounts.models import User
from curriculum.parameters import ParameterDefinition
from curriculum_pages.form_fields import reason_field
from curriculum_pages.parameters import editing
from curriculum_pages.parameters.forms import value_field
from curriculum_pages.place_filters import Place
from improvement import decisions
from improvement.effects.figures import measurable_kpis

MAY_PROPOSE = "improvement.add_adjustment"


class ProposeForm(forms.Form):
    """Propose a place's own value, with the KPI that it should improve."""

    watch_days = forms.IntegerField(
        label=gettext_lazy("Watching time in days"), min_value=7, max_value=365, initial=60
    )
    reason = reason_field(gettext_lazy("Enter a reason for the proposal."))

    def __init__(
        self,
        data: Any = None,
        *,
        definition: ParameterDefinition,
        place: Place,
        user: User,
        now: datetime,
    ) -> None:
        self.definition, self.place, self.user, self.now = definition, place, user, now
        super().__init__(data, auto_id="propose-%s", label_suffix="")
        self.fields["value"] = value_field(definition)
        self.fields["kpi"] = forms.ChoiceField(
            label=gettext("KPI that it should improve"),
            choices=measurable_kpis(),
            error_messages={"invalid_choice": gettext("Choose a KPI of the list.")},
        )
        self.order_fields(["value", "kpi", "watch_days", "reason"])

    def clean_value(self) -> Decimal:
        return self.definition.parse(self.cleaned_data["value"])

    def perform(self) -> bool:
        """Write the proposal; return False and set the form's errors if that fails."""
        if not self.is_valid():
            return False
        data = self.cleaned_data
        try:
            with transaction.atomic():
                decisions.propose_by_hand(
                    editing.row_of(self.definition, self.place),
                    data["value"],
                    reason=data["reason"],
                    by=self.user,
                    kpi=data["kpi"],
                    watch_days=data["watch_days"],
                    now=self.now,
                )
        except ValidationError as error:
            self.add_error(None, error)
            return False
        return True
