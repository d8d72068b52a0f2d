"""One tally asked for many periods: its statement is built once and bound to each of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.db import connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Expression
from django.db.models.sql.compiler import SQLCompiler

from kpis.definitions.aggregates import FactAggregate, Scope, sums_of
from kpis.definitions.periods import Period
from kpis.definitions.registry import Indicator
from kpis.statistics.intervals import Sums


class PeriodPlaceholder(Expression):
    """A bound of a period that is not known yet, such as its `start`; days may be added to it."""

    def __init__(
        self, name: str, output_field: models.Field[Any, Any], shift: timedelta = timedelta()
    ) -> None:
        super().__init__(output_field=output_field)
        self.name, self.shift = name, shift

    def __add__(self, other: object) -> PeriodPlaceholder:  # type: ignore[override]
        if not isinstance(other, timedelta):
            return NotImplemented
        return PeriodPlaceholder(self.name, self.output_field, self.shift + other)

    def __sub__(self, other: object) -> PeriodPlaceholder:  # type: ignore[override]
        return self + -other if isinstance(other, timedelta) else NotImplemented

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)

    def of(self, period: Period, connection: BaseDatabaseWrapper) -> Any:
        value: date = getattr(period, self.name)
        return self.output_field.get_db_prep_value(value + self.shift, connection)


class PlaceholderPeriod:
    """What a tally may ask of its period before it is known; anything else is an error."""

    start = PeriodPlaceholder("start", models.DateTimeField())
    end = PeriodPlaceholder("end", models.DateTimeField())
    first = PeriodPlaceholder("first", models.DateField())
    last = PeriodPlaceholder("last", models.DateField())
    after = PeriodPlaceholder("after", models.DateField())

    def __init__(self, kind: str, zone: ZoneInfo) -> None:
        self.kind, self.zone = kind, zone

    @property
    def is_one_day(self) -> bool:
        return self.kind == "day"


class PreparedQuery:
    """A KPI's tally with one statement per way of grouping, for any period of one kind."""

    def __init__(self, indicator: Indicator, period: Period) -> None:
        if indicator.aggregate is None:
            raise ValueError(f"{indicator.key} is put together from others, and not tallied.")
        self.aggregate = indicator.aggregate(
            cast(Period, PlaceholderPeriod(period.kind, period.zone))
        )
        self._statements: dict[tuple[tuple[str, ...], Scope], Statement] = {}

    def ask(
        self, by: tuple[str, ...], scope: Scope, period: Period
    ) -> Iterator[tuple[tuple[Any, ...], Sums, frozenset[int]]]:
        """The ids of each group, its sums and the ids of the learners behind them."""
        if (by, scope) not in self._statements:
            self._statements[by, scope] = Statement(self.aggregate, by, scope)
        return self._statements[by, scope].ask(period)


class Statement:
    """The statement of a grouped tally, for its groups, sums and learners in a period."""

    def __init__(self, tally: FactAggregate, by: Sequence[str], scope: Scope) -> None:
        query = tally.with_learners(by, scope)
        # one column stands there even where nothing is told apart
        self.by = max(1, len(by))
        self.names = list(tally.columns(tally.n))
        self.connection = connections[query.db]
        self.compiler = query.query.get_compiler(connection=self.connection)
        self.sql, self.params = self.compiler.as_sql()

    def ask(self, period: Period) -> Iterator[tuple[tuple[Any, ...], Sums, frozenset[int]]]:
        params = [
            one.of(period, self.connection) if isinstance(one, PeriodPlaceholder) else one
            for one in self.params
        ]
        with self.connection.cursor() as cursor:
            cursor.execute(self.sql, params)
            found = cursor.fetchall()
        for row in self.compiler.results_iter([found]):
            sums = dict(zip(self.names, row[self.by :], strict=True))
            # of no rows the database may say null, and of a row that has nobody
            learners = frozenset(sums["sum_learners"] or ()) - {None}
            yield tuple(row[: self.by]), sums_of(sums | {"sum_learners": len(learners)}), learners
