"""Stand-ins for a period in a statement that is built once and run for many periods."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Expression
from django.db.models.sql.compiler import SQLCompiler

from kpis.definitions.periods import Period


def any_period(kind: str, zone: ZoneInfo) -> Period:
    """Return a period of this kind whose bounds are filled in when the statement runs."""
    return cast(Period, PlaceholderPeriod(kind, zone))


def filled_in(
    params: tuple[Any, ...], period: Period, connection: BaseDatabaseWrapper
) -> list[Any]:
    """Replace the placeholders among the parameters of a statement."""
    return [
        one.value_in(period, connection) if isinstance(one, PeriodPlaceholder) else one
        for one in params
    ]


class PeriodPlaceholder(Expression):
    """A bound of a period, such as its `start`, that is filled in when the statement runs.

    Days may be added to it and subtracted from it.
    """

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

    def value_in(self, period: Period, connection: BaseDatabaseWrapper) -> Any:
        value: date = getattr(period, self.name)
        return self.output_field.get_db_prep_value(value + self.shift, connection)


class PlaceholderPeriod:
    """Stands in for a period while a statement is built; any other attribute is an error."""

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
