"""The page of one experiment: its plan, numbers, results, history and possible decisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from django.urls import reverse
from django.utils.translation import gettext

from accounts.models import User
from curriculum import parameters
from curriculum.parameters import ParameterDefinition
from experiments import audience, forcing
from experiments.checklist import Item, checklist
from experiments.disclosure import Disclosure, disclosure_of
from experiments.history_entries import Entry, entries
from experiments.locked_plan import is_intact
from experiments.models import (
    Analysis,
    Experiment,
    ForcedVariant,
    Metric,
    Variant,
    VariantValue,
)
from experiments.pages.action_form import MAY_RUN, ActionForm
from experiments.pages.counts import Counts, counts
from experiments.pages.forms import forms_for
from experiments.pages.results import EffectCourse, Results, courses
from experiments.pages.sizes import SizeRow, sizes_of
from experiments.sentences import sentence
from experiments.written import amount, count, day_of, moment_of
from kpis.definitions.registry import REGISTRY
from kpis.definitions.units import PERCENT
from kpis.query.query_service import KpiQueryService
from presentation.figures import hidden_note

# analyses on the curve
SHOWN = 100


@dataclass(frozen=True)
class MetricRow:
    metric: Metric

    @property
    def name(self) -> str:
        found = REGISTRY.get(self.metric.kpi)
        return found.name if found else self.metric.kpi

    @property
    def margin(self) -> str:
        found = REGISTRY.get(self.metric.kpi)
        return amount(found, self.metric.margin) if found and self.metric.margin else ""


@dataclass(frozen=True)
class VariantRow:
    variant: Variant
    definitions: dict[str, ParameterDefinition]
    # of the locked plan
    planned_weight: str | None = None

    @property
    def weight_at_start(self) -> str:
        """The weight of the locked plan, if it has changed since."""
        planned = self.planned_weight
        is_changed = planned is not None and Decimal(planned) != self.variant.weight
        return PERCENT.text(float(planned)) if planned and is_changed else ""

    @property
    def weight(self) -> str:
        return PERCENT.text(float(self.variant.weight))

    @property
    def values(self) -> list[str]:
        return [self._written(one) for one in self.variant.values.all()]

    def _written(self, one: VariantValue) -> str:
        definition = self.definitions.get(one.parameter_key)
        if definition is None:
            return str(one)
        text = f"{gettext(definition.name)}: {definition.written(one.value)}"
        return f"{one.module}, {text}" if one.module else text


@dataclass
class ExperimentPage:
    experiment: Experiment
    service: KpiQueryService
    user: User
    sent: ActionForm | None = None

    @property
    def url(self) -> str:
        return reverse("experiment_pages:experiment", args=[self.experiment.key])

    @property
    def may_run(self) -> bool:
        return self.user.has_perm(MAY_RUN)

    @cached_property
    def _forms(self) -> list[ActionForm]:
        if not self.may_run:
            return []
        return forms_for(self.experiment, self.user, self.service.now, self.sent)

    @property
    def forms(self) -> list[ActionForm]:
        return self._forms_of("decide")

    @property
    def plan_forms(self) -> list[ActionForm]:
        return self._forms_of("plan")

    @property
    def forced_forms(self) -> list[ActionForm]:
        return self._forms_of("forced")

    def _forms_of(self, place: str) -> list[ActionForm]:
        return [one for one in self._forms if one.place == place]

    @cached_property
    def forced(self) -> list[tuple[str, ForcedVariant]]:
        """The forced variants with their units, which only those who may force some learn."""
        if not self.may_run:
            return []
        rows = forcing.visible_to(self.service.reader, self.experiment)
        return [(forcing.written(one.unit), one) for one in rows]

    @cached_property
    def number_forced(self) -> int:
        return self.experiment.forced_variants.count()

    @cached_property
    def _variants(self) -> list[Variant]:
        rows = self.experiment.variants.order_by("position")
        return list(rows.prefetch_related("values__module"))

    @property
    def variants(self) -> list[VariantRow]:
        definitions = parameters.load_all(retired=True)
        planned = {
            one["key"]: one["weight"] for one in (self.experiment.plan or {}).get("variants", ())
        }
        return [VariantRow(one, definitions, planned.get(one.key)) for one in self._variants]

    @cached_property
    def metrics(self) -> list[MetricRow]:
        return [MetricRow(one) for one in self.experiment.metrics.order_by("position", "pk")]

    @property
    def audience(self) -> str:
        return audience.written(self.experiment)

    @property
    def planned_effect(self) -> str:
        first = next((one for one in self.metrics if one.metric.role == Metric.Role.PRIMARY), None)
        found = REGISTRY.get(first.metric.kpi) if first else None
        return amount(found, self.experiment.planned_effect) if found else ""

    @property
    def layer(self) -> str:
        """Name the layer and its part that the experiment takes."""
        one = self.experiment
        if one.layer is None:
            return ""
        part = (PERCENT.text(float(end or 0)) for end in (one.layer_from, one.layer_to))
        return f"{one.layer}: {'–'.join(part)}"

    @property
    def holdout(self) -> str:
        share = float(self.experiment.holdout)
        return PERCENT.text(share) if share else ""

    @property
    def planned_n(self) -> str:
        return count(self.experiment.planned_n)

    @property
    def planned_end(self) -> str:
        return day_of(self.experiment.planned_end)

    @property
    def planned_end_at_start(self) -> str:
        """The end of the locked plan, if it has changed since."""
        text = (self.experiment.plan or {}).get("planned_end")
        first = date.fromisoformat(text) if text else None
        return day_of(first) if first and first != self.experiment.planned_end else ""

    @cached_property
    def checklist(self) -> list[Item]:
        """What must be right before the start; empty once it has started."""
        return checklist(self.experiment, self.service.now) if self.experiment.is_draft else []

    @cached_property
    def sizes(self) -> list[SizeRow]:
        """The power of a draft."""
        if not self.experiment.is_draft:
            return []
        return sizes_of(self.experiment, self.service.reader, self.service.now)

    @property
    def is_changed_plan(self) -> bool:
        """True if the stored plan is not the one that was locked at the start."""
        return not self.experiment.is_draft and not is_intact(self.experiment)

    @cached_property
    def analyses(self) -> Sequence[Analysis]:
        return list(self.experiment.analyses.order_by("-computed_at", "-pk")[:SHOWN])

    @property
    def last(self) -> Analysis | None:
        return self.analyses[0] if self.analyses else None

    @cached_property
    def _disclosure(self) -> Disclosure:
        sees_all = self.service.reader.sees_small_groups
        return disclosure_of(self.analyses, sees_small_groups=sees_all)

    @property
    def is_hidden(self) -> bool:
        """True if the verdict is of so few learners that the reader may not see it."""
        return self.last is not None and self._disclosure.hides_verdict(self.last)

    @property
    def sentence(self) -> str:
        return sentence(self.last, is_hidden=self.is_hidden) if self.last else ""

    @property
    def computed_at(self) -> str:
        return moment_of(self.last.computed_at) if self.last else ""

    @cached_property
    def counts(self) -> Counts:
        return counts(self.experiment, self._variants, self._shown)

    @property
    def _shown(self) -> Analysis | None:
        """The latest analysis, unless all of it is hidden."""
        return None if self.last and self._disclosure.hides(self.last) else self.last

    @cached_property
    def results(self) -> Results | None:
        return Results(self._shown, self._disclosure) if self._shown else None

    @property
    def hidden_note(self) -> str:
        return hidden_note()

    @cached_property
    def courses(self) -> list[EffectCourse]:
        return courses(self.analyses, self._disclosure)

    @cached_property
    def history(self) -> list[Entry]:
        return entries(self.experiment)

    @property
    def deviations(self) -> list[Entry]:
        return [one for one in self.history if one.is_deviation]
