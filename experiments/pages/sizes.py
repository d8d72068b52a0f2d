"""What an experiment needs and gets, in sentences and figures for the calculator and drafts."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext

from experiments.pages.written import amount, count, decimal
from experiments.sizing import Sizing
from kpis.definitions.registry import Indicator
from kpis.definitions.units import NO_VALUE, PERCENT


@dataclass(frozen=True)
class SizeRow:
    label: str
    value: str
    is_bad: bool = False


def size_rows(found: Sizing, indicator: Indicator) -> list[SizeRow]:
    """Return a sizing line by line; numbers of units are those of the smallest variant."""
    is_short = found.needed is not None and found.available is not None and not found.is_enough
    rows = [
        SizeRow(gettext("Value of the last 90 days"), indicator.unit.text(found.baseline)),
        SizeRow(gettext("Units needed per variant"), count(found.needed)),
        SizeRow(gettext("Units per variant at the planned end"), count(found.available), is_short),
        SizeRow(gettext("Power at the planned end"), PERCENT.text(found.power), is_short),
        SizeRow(
            gettext("Smallest effect that will be found"), amount(indicator, found.detectable)
        ),
        SizeRow(gettext("Units in the audience now"), count(found.present)),
        SizeRow(gettext("New units per week"), decimal(found.per_week, 1)),
        SizeRow(gettext("Weeks until enough"), _weeks(found)),
    ]
    if found.correlation is not None:
        rows += [
            SizeRow(gettext("Learners per run"), decimal(found.cluster_size, 1)),
            SizeRow(gettext("How alike learners of a run are"), decimal(found.correlation, 3)),
            SizeRow(gettext("Design effect"), decimal(found.design_effect, 2)),
        ]
    return rows


def _weeks(found: Sizing) -> str:
    if found.weeks is None:
        return NO_VALUE if found.needed is None else gettext("never at this rate")
    return decimal(found.weeks, 1)
