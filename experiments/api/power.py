"""The power calculator of the API: how many units an effect needs, and how many there will be."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext
from drf_spectacular.utils import OpenApiParameter, extend_schema
from pydantic import Field
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.reader import Reader
from core.api_errors import invalid_parameters
from core.api_models import ApiModel, json_response
from curriculum.models import Course
from experiments import audience, measurable, sizing
from experiments.api.permissions import MayReadExperiments
from experiments.models import Experiment
from experiments.sizing import Question, Sizing
from kpis.api.views import PROBLEMS
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.definitions.scopes import SITE, Scope
from kpis.query.query_params import reject_unknown

Method, Unit = Experiment.Method, Experiment.Unit
PARAMETERS = [
    OpenApiParameter("kpi", str, required=True, description="Key of the primary KPI."),
    OpenApiParameter("effect", float, description="The planned improvement in the KPI's unit."),
    OpenApiParameter("course", str, description="Key of a course. Default: the whole site."),
    OpenApiParameter("unit", str, enum=Unit.values, description="Default: learner."),
    OpenApiParameter("method", str, enum=Method.values, description="Default: fixed."),
    OpenApiParameter("alpha", float, description="Default: 0.05."),
    OpenApiParameter("power", float, description="Default: 0.8."),
    OpenApiParameter(
        "weights", str, description="Of the variants, the control's first. Default: 0.5,0.5."
    ),
    OpenApiParameter("only_new", bool, description="true: only enrollments from now on."),
    OpenApiParameter("end", date, description="Default: in twelve weeks."),
]
WEEKS = 12


class SizingModel(ApiModel):
    """Units are those of the smallest variant; values and effects are in the KPI's unit."""

    kpi: str
    effect: float | None
    end: str
    is_suppressed: bool = Field(description="The figures are hidden to protect a small group.")
    baseline: float | None = Field(description="The KPI's value in the last 90 days.")
    needed: int | None = Field(description="Null: not known, or no number is enough.")
    available: int | None = Field(description="At the end, if as many come as in eight weeks.")
    is_enough: bool | None
    power: float | None = Field(description="The probability of finding the effect by the end.")
    detectable: float | None = Field(description="The smallest improvement that can be found.")
    present: int | None = Field(description="Units in the audience now.")
    per_week: float | None = Field(description="New units per week.")
    weeks: float | None = Field(description="Until there are enough; null: never, or not known.")
    design_effect: float | None
    correlation: float | None = Field(description="How alike the learners of a run are.")
    cluster_size: float | None = Field(description="Learners of a run, if runs are assigned.")
    coverage: float | None = Field(
        description="Share of the units that had a value in the last 90 days, from 0 to 1."
    )

    @classmethod
    def of(cls, asked: Question, found: Sizing, *, is_hidden: bool) -> SizingModel:
        scale = REGISTRY[asked.kpi].unit.scale
        copied = (
            "needed", "available", "is_enough", "power", "present", "per_week", "weeks",
            "design_effect", "correlation", "cluster_size", "coverage",
        )  # fmt: skip
        figures: dict[str, Any] = {name: getattr(found, name) for name in copied}
        figures |= {
            name: None if value is None else value * scale
            for name, value in (("baseline", found.baseline), ("detectable", found.detectable))
        }
        return cls(
            kpi=asked.kpi,
            effect=None if asked.effect is None else asked.effect * scale,
            end=asked.end.isoformat() if asked.end else "",
            is_suppressed=is_hidden,
            **(dict.fromkeys(figures) if is_hidden else figures),
        )


class PowerForm(forms.Form):
    """Reads the plan; shares and effects are in the KPI's unit, such as 5 for 5 %-points."""

    kpi = forms.CharField(max_length=100)
    effect = forms.FloatField(required=False)
    course = forms.CharField(required=False, max_length=100)
    unit = forms.ChoiceField(required=False, choices=Unit.choices)
    method = forms.ChoiceField(required=False, choices=Method.choices)
    alpha = forms.FloatField(required=False, min_value=0.0001, max_value=0.4999)
    power = forms.FloatField(required=False, min_value=0.0001, max_value=0.9999)
    weights = forms.CharField(required=False, max_length=200)
    only_new = forms.CharField(required=False, max_length=5)
    end = forms.DateField(required=False, input_formats=["%Y-%m-%d"])

    def __init__(self, data: Any, *, reader: Reader) -> None:
        super().__init__(data)
        self.reader = reader

    def clean_effect(self) -> float | None:
        effect: float | None = self.cleaned_data["effect"]
        if effect is not None and effect <= 0:
            raise ValidationError(gettext("Enter a planned effect greater than 0."))
        return effect

    def clean_course(self) -> Course | None:
        key = self.cleaned_data["course"]
        if not key:
            if self.reader.sees_every_course:
                return None
            raise ValidationError(gettext("Name one of your courses."))
        found = self.reader.courses().filter(key=key).first()
        if found is None:
            raise ValidationError(gettext("Unknown course “%(key)s”.") % {"key": key})
        return found

    def clean_weights(self) -> tuple[float, ...]:
        text: str = self.cleaned_data["weights"] or "0.5,0.5"
        try:
            weights = tuple(float(one) for one in text.split(","))
        except ValueError:
            weights = ()
        fits = len(weights) >= 2 and all(0 < one < 1 for one in weights)
        if not fits or abs(sum(weights) - 1) > 1e-9:
            raise ValidationError(
                gettext("Enter at least two weights that add up to 1, such as 0.5,0.5.")
            )
        return weights

    def clean_only_new(self) -> bool:
        text = self.cleaned_data["only_new"] or "false"
        if text not in ("true", "false"):
            raise ValidationError(gettext("Enter true or false."))
        return bool(text == "true")

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        given["unit"] = given.get("unit") or Unit.LEARNER
        kpi = given.get("kpi")
        if kpi and (problem := measurable.problem_of(kpi, given["unit"])):
            self.add_error("kpi", problem)
        return given

    def question(self, now: Any) -> Question:
        """Return what is asked; call `is_valid` first."""
        given = self.cleaned_data
        indicator: Indicator = REGISTRY[given["kpi"]]
        effect, course = given["effect"], given["course"]
        return Question(
            kpi=indicator.key,
            effect=None if effect is None else effect / indicator.unit.scale,
            scope=Scope(course_ids=frozenset((course.pk,))) if course else SITE,
            by_run=given["unit"] == Unit.RUN,
            alpha=given["alpha"] or 0.05,
            power=given["power"] or 0.8,
            is_sequential=given["method"] == Method.SEQUENTIAL,
            weights=given["weights"],
            end=given["end"] or (now + timedelta(weeks=WEEKS)).date(),
        )


class PowerView(APIView):
    """Say how many units an effect needs, and what those there will be can show."""

    permission_classes = (IsAuthenticated, MayReadExperiments)

    @extend_schema(
        operation_id="experiment_power",
        parameters=PARAMETERS,
        responses={200: SizingModel, **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        reject_unknown(request, [one.name for one in PARAMETERS])
        reader, now = Reader.of(request.user), timezone.now()
        form = PowerForm(request.query_params, reader=reader)
        if not form.is_valid():
            raise invalid_parameters(form)
        asked, course = form.question(now), form.cleaned_data["course"]
        present, per_week = audience.of_course(course, form.cleaned_data["unit"], now)
        if form.cleaned_data["only_new"]:
            present = 0
        found = sizing.answer(asked, now, present=present, per_week=per_week)
        # the learners whose facts the baseline is of
        is_small = 0 < found.measured < settings.KPI_MIN_GROUP
        is_hidden = is_small and not reader.sees_small_groups
        return json_response(SizingModel.of(asked, found, is_hidden=is_hidden))
