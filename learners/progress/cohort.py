"""Compare learners with the median of their run, where that reveals no other person's figure.

The figures are those of the KPIs, summed per learner from the begin of the run to last midnight. So
they change once a day, by what everybody did, and never with what a single person just did.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import connections

from core import reporting_clock
from core.lazy_text import LazyText
from kpis.aggregation.grouped_sums import DOUBLE, PERSON, TOTAL, WEIGHT, per_person
from kpis.definitions.periods import WINDOW, Period, local_day
from kpis.definitions.registry import REGISTRY
from kpis.definitions.scopes import Scope

KPIS = (
    "engagement.progress-velocity",
    "engagement.assessment-performance",
    "engagement.video-watch",
)
RUN = "kpi_group_0"
# nothing is older
BEGINNING = date(2000, 1, 1)
# medians are shown in steps: one of them is the figure of one person, or the mean of two
STEP = 0.05
# the two middle values of an even number, twice the same one of an odd number
MEDIANS = """
    SELECT kpi, run, AVG(value), MIN(own), MIN(people), MIN(least), MAX(most)
    FROM (
        SELECT kpi, run, value,
            ROW_NUMBER() OVER (PARTITION BY kpi, run ORDER BY value) AS place,
            COUNT(*) OVER every AS people,
            MIN(value) OVER every AS least,
            MAX(value) OVER every AS most,
            MAX(CASE WHEN person = %s THEN value END) OVER every AS own
        FROM ({values}) AS one
        WINDOW every AS (PARTITION BY kpi, run)
    ) AS ranked
    WHERE 2 * place BETWEEN people AND people + 2
    GROUP BY kpi, run
"""


@dataclass(frozen=True)
class Comparison:
    """The learner's own value of a KPI and the rounded median of the run, from 0 to 1."""

    name: LazyText
    own: float
    median: float


@dataclass(frozen=True)
class Sums:
    """The middle of a run: the median, the own value, the number of people, and the extremes."""

    median: float
    own: float | None
    people: int
    least: float
    most: float

    @property
    def may_be_shown(self) -> bool:
        """Return whether there are enough others, and not everybody has the same value."""
        others = self.people - (self.own is not None)
        return others >= settings.KPI_MIN_GROUP and self.least < self.most


def compare(learner_id: int, runs: Mapping[int, int], now: datetime) -> dict[int, list[Comparison]]:
    """Return the comparisons that may be shown, by run id, in one query; `runs` by course id."""
    found: dict[int, list[Comparison]] = defaultdict(list)
    for kpi, run, sums in _middles(learner_id, runs, now):
        if sums.own is not None and sums.may_be_shown:
            median = round(sums.median / STEP) * STEP
            found[run].append(Comparison(REGISTRY[kpi].name, sums.own, median))
    return dict(found)


def _middles(
    learner_id: int, runs: Mapping[int, int], now: datetime
) -> list[tuple[str, int, Sums]]:
    if not runs:
        return []
    zone = reporting_clock.reporting_zone()
    until = Period(BEGINNING, local_day(now, zone), WINDOW, zone)
    parts = [_values(kpi, until, runs.keys(), frozenset(runs.values())) for kpi in KPIS]
    values = " UNION ALL ".join(sql for sql, _ in parts)
    params: list[Any] = [param for _, some in parts for param in some]
    connection = connections["default"]
    with connection.cursor() as cursor:
        cursor.execute(MEDIANS.format(values=values), [learner_id, *params])
        rows = cursor.fetchall()
    return [(KPIS[kpi], run, Sums(*values)) for kpi, run, *values in sorted(rows)]


def _values(
    kpi: str, until: Period, runs: Collection[int], courses: frozenset[int]
) -> tuple[str, list[object]]:
    """Return SQL of a KPI's value for each learner of these runs, with its parameters."""
    facts = REGISTRY[kpi].facts_in(until)
    rows, ratio = facts.select(until, ("run",), Scope(course_ids=courses))
    path = facts.path("run")
    people = per_person(
        rows.filter(**{f"{path}__in": sorted(runs)}), ratio, {RUN: path}, facts.path("learner")
    )
    sql, params = people.query.get_compiler(connection=connections[people.db]).as_sql()
    # SUM over no rows is NULL
    value = f"COALESCE({DOUBLE.format(TOTAL)}, 0) / {WEIGHT}"
    selected = f"{KPIS.index(kpi)} AS kpi, {RUN} AS run, {PERSON} AS person, {value} AS value"
    return (
        f"SELECT {selected} FROM ({sql}) AS sums WHERE {WEIGHT} > 0",  # noqa: S608
        list(params),
    )
