"""A draft as people fill it in: its form with all rows, what it would need, and saving it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.utils.translation import gettext

from accounts.models import User
from accounts.reader import Reader
from curriculum import parameters
from curriculum.parameters import ParameterDefinition
from experiments import drafts
from experiments.checklist import Item, checklist
from experiments.drafts import PlannedMetric, PlannedValue, PlannedVariant
from experiments.measurable import from_unit, in_unit
from experiments.models import Experiment, Metric
from experiments.pages.draft_form import PLAIN, DraftForm
from experiments.pages.draft_rows import (
    GuardrailRows,
    ValueRows,
    VariantRows,
    filled,
    two_variants,
)
from experiments.pages.kpi_choices import parameter_choices
from experiments.pages.modules import modules_of
from experiments.pages.sizes import SizeRow, sizes_of

Role = Metric.Role
# where the form shows the errors of the plan's parts
SHOWN_AT = {"planned_effect": "effect", "metrics": "primary", "courses": "audience_courses"}
PLAIN_LABELS: dict[str, Any] = {"label_suffix": ""}


class Draft:
    """The form of a new draft, or of `experiment`; `data` is what somebody has sent."""

    def __init__(
        self,
        experiment: Experiment | None,
        data: Any = None,
        *,
        reader: Reader,
        user: User,
        now: datetime,
    ) -> None:
        self.experiment, self.user, self.now = experiment, user, now
        self.reader, self.definitions = reader, parameters.load_all(retired=True)
        is_first = data is None
        self.form = DraftForm(
            data,
            reader=reader,
            instance=experiment,
            initial=_initial(experiment) if experiment else {},
        )
        variants = _variants(experiment) if experiment else two_variants()
        values = _values(experiment, self.definitions) if experiment else []
        guardrails = _guardrails(experiment) if experiment else []
        choices = parameter_choices(self.definitions)
        self.variants = VariantRows(
            data,
            prefix="variants",
            initial=variants if is_first else None,
            form_kwargs=PLAIN_LABELS,
        )
        self.values = ValueRows(
            data,
            prefix="values",
            initial=values if is_first else None,
            form_kwargs={**PLAIN_LABELS, "choices": choices, "definitions": self.definitions},
        )
        self.guardrails = GuardrailRows(
            data,
            prefix="guardrails",
            initial=guardrails if is_first else None,
            form_kwargs={**PLAIN_LABELS, "unit": self.form.unit},
        )
        self.sizes: list[SizeRow] = []
        self.checklist: list[Item] = []

    @property
    def is_valid(self) -> bool:
        parts = (self.form, self.variants, self.values, self.guardrails)
        # each of them, so that all errors are shown at once
        checked = [one.is_valid() for one in parts]
        return all(checked)

    @property
    def has_errors(self) -> bool:
        rows = (self.variants, self.values, self.guardrails)
        return bool(self.form.errors) or any(one.total_error_count() for one in rows)

    def save(self) -> Experiment | None:
        """Write the draft; return None and set the form's errors if that fails."""
        if not self.is_valid:
            return None
        try:
            return self._save()
        except ValidationError as error:
            self._show(error)
            return None

    def check(self) -> None:
        """Say what the plan needs and what is missing, without writing anything."""
        if not self.is_valid:
            return
        try:
            with transaction.atomic():
                self._assess(self._save())
                transaction.set_rollback(True)
        except ValidationError as error:
            self._show(error)

    def assess(self) -> None:
        """Say what the stored draft needs."""
        if self.experiment:
            self._assess(self.experiment)

    def _assess(self, experiment: Experiment) -> None:
        self.sizes = sizes_of(experiment, self.reader, self.now)
        self.checklist = checklist(experiment, self.now)

    def _save(self) -> Experiment:
        data = self.form.cleaned_data
        planned = {name: data[name] for name in PLAIN}
        return drafts.save(
            self.experiment,
            {**planned, "planned_effect": self._effect()},
            variants=self._planned_variants(),
            metrics=self._planned_metrics(),
            courses=list(data["audience_courses"]),
            runs=list(data["audience_runs"]),
            by=self.user,
            expected_version=data["version"],
            now=self.now,
        )

    def _effect(self) -> float | None:
        data = self.form.cleaned_data
        return from_unit(data["primary"], data["effect"]) if data["effect"] else None

    def _planned_variants(self) -> list[PlannedVariant]:
        rows, values = filled(self.variants), filled(self.values)
        modules = modules_of(values)
        keys = {one["key"] for one in rows}
        if unknown := sorted({one["variant"] for one in values} - keys):
            text = gettext("There is no variant %(key)s.")
            raise ValidationError({"values": text % {"key": ", ".join(unknown)}})
        return [
            PlannedVariant(
                key=one["key"],
                name=one["name"],
                weight=one["weight"],
                is_control=one["is_control"],
                values=[
                    PlannedValue(
                        parameter_key=value["parameter"],
                        module=modules.get(value["module"].strip()),
                        value=value["value"],
                    )
                    for value in values
                    if value["variant"] == one["key"]
                ],
            )
            for one in rows
        ]

    def _planned_metrics(self) -> list[PlannedMetric]:
        data = self.form.cleaned_data
        primary = [data["primary"]] if data["primary"] else []
        return [
            *(PlannedMetric(kpi=one, role=Role.PRIMARY) for one in primary),
            *(PlannedMetric(kpi=one, role=Role.SECONDARY) for one in data["secondary"]),
            *(
                PlannedMetric(
                    kpi=one["kpi"],
                    role=Role.GUARDRAIL,
                    margin=from_unit(one["kpi"], one["margin"]),
                )
                for one in filled(self.guardrails)
            ),
        ]

    def _show(self, error: ValidationError) -> None:
        if not hasattr(error, "error_dict"):
            self.form.add_error(None, error)
            return
        for name, messages in error.message_dict.items():
            field = SHOWN_AT.get(name, name)
            is_known = field in self.form.fields and name != NON_FIELD_ERRORS
            self.form.add_error(field if is_known else None, messages)


def _initial(experiment: Experiment) -> dict[str, Any]:
    metrics = list(experiment.metrics.order_by("position", "pk"))
    primary = next((one.kpi for one in metrics if one.role == Role.PRIMARY), "")
    return {
        "version": experiment.version,
        "primary": primary,
        "secondary": [one.kpi for one in metrics if one.role == Role.SECONDARY],
        "effect": in_unit(primary, experiment.planned_effect),
        "audience_courses": list(experiment.courses.values_list("key", flat=True)),
        "audience_runs": list(experiment.runs.values_list("pk", flat=True)),
    }


def _variants(experiment: Experiment) -> list[dict[str, Any]]:
    rows = experiment.variants.order_by("position")
    names = ("key", "name", "weight", "is_control")
    return [{name: getattr(one, name) for name in names} for one in rows]


def _values(
    experiment: Experiment, definitions: dict[str, ParameterDefinition]
) -> list[dict[str, Any]]:
    return [
        {
            "variant": variant.key,
            "parameter": one.parameter_key,
            "module": f"{one.module.course.key}/{one.module.key}" if one.module else "",
            "value": _typed(definitions.get(one.parameter_key), one.value),
        }
        for variant in experiment.variants.prefetch_related("values__module__course")
        for one in variant.values.all()
    ]


def _typed(definition: ParameterDefinition | None, value: Decimal) -> str:
    return definition.written(value) if definition else f"{value.normalize():f}"


def _guardrails(experiment: Experiment) -> list[dict[str, Any]]:
    rows = experiment.metrics.filter(role=Role.GUARDRAIL).order_by("position", "pk")
    return [{"kpi": one.kpi, "margin": in_unit(one.kpi, one.margin)} for one in rows]
