"""The power calculator: what an effect needs, on the KPIs and enrollments that there are."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, gettext_lazy

from accounts.reader import Reader
from curriculum.models import Course
from experiments import audience, measurable
from experiments.models import Experiment
from experiments.pages.kpi_choices import offer_kpis
from experiments.pages.sizes import SizeRow, size_rows
from experiments.sizing import Question, answer
from kpis.definitions.registry import REGISTRY
from kpis.definitions.scopes import SITE, Scope


class PowerForm(forms.Form):
    """Asks for a KPI, an effect and a place; a reader of some courses must choose one of them."""

    kpi = forms.ChoiceField(label=gettext_lazy("KPI"))
    effect = forms.FloatField(
        label=gettext_lazy("Smallest effect worth finding"),
        required=False,
        min_value=0,
        localize=True,
        help_text=gettext_lazy("In the KPI's unit, such as 5 for 5 percentage points."),
    )
    course = forms.ModelChoiceField(
        Course.objects.none(),
        label=gettext_lazy("Course"),
        required=False,
        empty_label=gettext_lazy("Whole site"),
        to_field_name="key",
    )
    unit = forms.ChoiceField(label=gettext_lazy("Unit"), choices=Experiment.Unit.choices)
    method = forms.ChoiceField(label=gettext_lazy("Method"), choices=Experiment.Method.choices)
    variants = forms.IntegerField(
        label=gettext_lazy("Variants, with the control"), min_value=2, max_value=10, initial=2
    )
    alpha = forms.FloatField(
        label=gettext_lazy("Significance level (α)"),
        min_value=0.0001,
        max_value=0.4999,
        initial=0.05,
        localize=True,
        help_text=gettext_lazy("Probability of a false positive."),
    )
    power = forms.FloatField(
        label=gettext_lazy("Power"),
        min_value=0.01,
        max_value=0.9999,
        initial=0.8,
        localize=True,
        help_text=gettext_lazy("Probability of finding the planned effect."),
    )
    end = forms.DateField(
        label=gettext_lazy("Planned end"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": gettext_lazy("Enter a date such as 2026-03-31.")},
    )

    def __init__(self, data: Any = None, *, reader: Reader, now: datetime) -> None:
        self.reader, self.now = reader, now
        super().__init__(data, auto_id="power-%s", label_suffix="")
        unit = str(self["unit"].value() or Experiment.Unit.LEARNER)
        offer_kpis(self.fields["kpi"], unit, [str(self["kpi"].value() or "")])
        course: Any = self.fields["course"]
        course.queryset = reader.courses()
        if not reader.sees_every_course:
            course.required, course.empty_label = True, None

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        is_complete = data.get("kpi") and data.get("unit")
        if is_complete and (problem := measurable.problem_of(data["kpi"], data["unit"])):
            self.add_error("kpi", problem)
        return data

    def rows(self) -> list[SizeRow]:
        """Return the answer, line by line; empty, with errors set, if there is none."""
        data = self.cleaned_data
        indicator, course = REGISTRY[data["kpi"]], data["course"]
        effect, number = data["effect"], data["variants"]
        question = Question(
            kpi=indicator.key,
            effect=effect / indicator.unit.scale if effect else None,
            scope=Scope(course_ids=frozenset({course.pk})) if course else SITE,
            by_run=data["unit"] == Experiment.Unit.RUN,
            alpha=data["alpha"],
            power=data["power"],
            is_sequential=data["method"] == Experiment.Method.SEQUENTIAL,
            weights=(1 / number,) * number,
            end=data["end"],
        )
        present, per_week = audience.of_course(course, data["unit"], self.now)
        try:
            found = answer(question, self.now, present=present, per_week=per_week)
        except (ValueError, ValidationError):
            self.add_error("effect", gettext("Nothing can be computed for this effect."))
            return []
        return size_rows(found, indicator, self.reader)
