"""Sum the facts of a KPI in several periods by one query, which the ORM compiles once.

Compiling takes several times as long as running. The statements of two periods differ in nothing
but the bounds of the period among their parameters, so that of any other period follows from two.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet

from core.process_cache import ProcessCache
from kpis.aggregation.grouped_sums import CompositeSums, GroupedSums
from kpis.definitions.facts import Facts
from kpis.definitions.periods import WINDOW, Period, containing
from kpis.definitions.registry import Indicator
from kpis.definitions.scopes import SITE, Scope
from kpis.statistics.intervals import NOTHING, Sums

Query = GroupedSums | CompositeSums
SumsByGroup = dict[tuple[Any, ...], Sums]
# SQLite allows 500 selects in one statement
MOST = 100
# any two days whose periods have no bound in common
EXAMPLES = (date(2001, 5, 16), date(2014, 11, 12))


@dataclass(frozen=True)
class Statement:
    """The statement of any period: its parameters are values or, at `bounds`, bounds of periods.

    `facts` are what it was made from; `query` reads its rows.
    """

    query: Query
    bounds: dict[int, str]
    facts: list[Facts]

    def params(self, period: Period, connection: BaseDatabaseWrapper) -> list[Any]:
        values, params = _bounds(period, connection), list(self.query.params)
        for at, name in self.bounds.items():
            params[at] = values[name]
        return params


STATEMENTS: ProcessCache[Statement] = ProcessCache(1_000)


def sums_of_periods(
    indicator: Indicator, periods: Sequence[Period], by: Sequence[str] = (), scope: Scope = SITE
) -> dict[Period, SumsByGroup]:
    """Return for each period what `sums_by` returns for it."""
    alike = defaultdict(list)
    for period in periods:
        alike[period.kind, period.is_one_day].append(period)
    found: dict[Period, SumsByGroup] = {}
    for some in alike.values():
        for at in range(0, len(some), MOST):
            found |= _read(indicator, some[at : at + MOST], by, scope)
    return found


def _read(
    indicator: Indicator, periods: Sequence[Period], by: Sequence[str], scope: Scope
) -> dict[Period, SumsByGroup]:
    statement = _statement(indicator, periods[0], by, scope)
    if statement is None:
        queries = [_query(indicator, period, by, scope) for period in periods]
        connection = queries[0].connection
        params = [list(query.params) for query in queries]
    else:
        queries = [statement.query] * len(periods)
        connection = _connection(indicator)
        params = [statement.params(period, connection) for period in periods]
    selects = (
        f"SELECT {at} AS kpi_at, one.* FROM ({query.sql}) AS one"  # noqa: S608
        for at, query in enumerate(queries)
    )
    rows = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(selects), [one for some in params for one in some])
        for at, *row in cursor.fetchall():
            rows[at].append(tuple(row))
    return {
        period: _sums(queries[at], rows[at], is_grouped=bool(by))
        for at, period in enumerate(periods)
    }


def _sums(query: Query, rows: Sequence[tuple[Any, ...]], *, is_grouped: bool) -> SumsByGroup:
    found: SumsByGroup = {
        key: sums if isinstance(sums, Sums) else sums[0] for key, sums in query.read(rows)
    }
    return found if is_grouped else {(): found.get((), NOTHING)}


def _statement(
    indicator: Indicator, period: Period, by: Sequence[str], scope: Scope
) -> Statement | None:
    """Return the statement of such periods; None if each needs one of its own."""
    if scope.learner_ids is not None or scope.signed_up is not None:
        return None
    facts, connection = indicator.all_facts, _connection(indicator)
    key = (
        *(indicator.key, indicator.is_total, tuple(map(id, facts)), connection.alias),
        *(tuple(by), scope, period.kind, period.is_one_day, period.zone),
    )
    # the key has their ids; what is kept in `facts` gives its ids to nothing else
    if known := STATEMENTS.get(key):
        return known
    examples = [_example(day, period) for day in EXAMPLES]
    queries = [_query(indicator, one, by, scope) for one in examples]
    bounds = _bounds_among_params(queries, [_bounds(one, connection) for one in examples])
    return None if bounds is None else STATEMENTS.keep(key, Statement(queries[0], bounds, facts))


def _example(day: date, like: Period) -> Period:
    """Return a period of the same kind in which it is noon of the first day."""
    if like.kind == WINDOW:
        made = Period(day, day + timedelta(days=1 if like.is_one_day else 40), WINDOW, like.zone)
    else:
        made = containing(day, like.kind, like.zone)
    return made.as_of(made.start + timedelta(hours=12))


def _bounds_among_params(
    queries: Sequence[Query], values: Sequence[Mapping[str, Any]]
) -> dict[int, str] | None:
    """Return which parameter is which bound; None if the queries differ in anything else."""
    one, other = queries
    if one.sql != other.sql:
        return None
    names, other_names = ({value: name for name, value in some.items()} for some in values)
    bounds: dict[int, str] = {}
    for at, (value, other_value) in enumerate(zip(one.params, other.params, strict=True)):
        if value != other_value:
            name = names.get(value) if isinstance(value, Hashable) else None
            if name is None or other_names.get(other_value) != name:
                return None
            bounds[at] = name
    return bounds


def _bounds(period: Period, connection: BaseDatabaseWrapper) -> dict[str, Any]:
    """Return what parameters a period is bound by."""
    moment, day = connection.ops.adapt_datetimefield_value, connection.ops.adapt_datefield_value
    return {
        "start": moment(period.start),
        "whole_end": moment(period.whole_end),
        "end": moment(period.end),
        "first": day(period.first),
        "last": day(period.last),
        "after": day(period.after),
    }


def _connection(indicator: Indicator) -> BaseDatabaseWrapper:
    return connections[QuerySet(indicator.all_facts[0].model).db]


def _query(indicator: Indicator, period: Period, by: Sequence[str], scope: Scope) -> Query:
    kind = CompositeSums if indicator.parts else GroupedSums
    return kind(indicator, period, by, scope)
