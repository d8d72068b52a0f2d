"""What an experiment needs and gets, line by line, for the calculator and drafts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext

from accounts.reader import Reader
from experiments import measurable
from experiments.models import Experiment, Metric
from experiments.sizing import Sizing, assess
from experiments.written import amount, count, decimal
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.definitions.units import NO_VALUE, PERCENT
from presentation.figures import hidden_note


@dataclass(frozen=True)
class SizeRow:
    label: str
    value: str
    is_bad: bool = False


def sizes_of(experiment: Experiment, reader: Reader, now: datetime) -> list[SizeRow]:
    """Return the sizing of an experiment; empty without a primary KPI that can be compared."""
    primary = experiment.metrics.filter(role=Metric.Role.PRIMARY).first()
    if primary is None or measurable.problem_of(primary.kpi, experiment.unit):
        return []
    found = assess(experiment, now)
    return size_rows(found, REGISTRY[primary.kpi], reader) if found else []


def size_rows(found: Sizing, indicator: Indicator, reader: Reader) -> list[SizeRow]:
    """Return a sizing line by line; numbers of units are those of the smallest variant.

    What follows from the values of few learners is shown only to those who may see small groups.
    """
    audience = [
        SizeRow(gettext("Units in the audience now"), count(found.present)),
        SizeRow(gettext("New units per week"), decimal(found.per_week, 1)),
    ]
    if 0 < found.measured < settings.KPI_MIN_GROUP and not reader.sees_small_groups:
        return [*audience, SizeRow(gettext("Value of the last 90 days"), hidden_note())]
    return [*_needs(found, indicator), *audience, *_clusters(found)]


def _needs(found: Sizing, indicator: Indicator) -> list[SizeRow]:
    is_short = found.needed is not None and found.available is not None and not found.is_enough
    smallest = gettext("Smallest effect that will be found")
    return [
        SizeRow(gettext("Value of the last 90 days"), indicator.unit.text(found.baseline)),
        SizeRow(gettext("Units that have a value"), PERCENT.text(found.coverage)),
        SizeRow(gettext("Units needed per variant"), count(found.needed)),
        SizeRow(gettext("Units per variant at the planned end"), count(found.available), is_short),
        SizeRow(gettext("Power at the planned end"), PERCENT.text(found.power), is_short),
        SizeRow(smallest, amount(indicator, found.detectable)),
        SizeRow(gettext("Weeks until enough"), _weeks(found)),
    ]


def _clusters(found: Sizing) -> list[SizeRow]:
    if found.correlation is None:
        return []
    return [
        SizeRow(gettext("Learners per run"), decimal(found.cluster_size, 1)),
        SizeRow(gettext("How alike learners of a run are"), decimal(found.correlation, 3)),
        SizeRow(gettext("Design effect"), decimal(found.design_effect, 2)),
    ]


def _weeks(found: Sizing) -> str:
    if found.weeks is None:
        return NO_VALUE if found.needed is None else gettext("never at this rate")
    return decimal(found.weeks, 1)
