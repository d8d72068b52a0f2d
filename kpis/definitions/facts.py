"""What a KPI reads: the rows of a model, when each counts, and whose it is.

From this one declaration follow the value of any period, scope and group, the sums of each
learner, and which figures a change of the rows makes stale.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import FieldError
from django.db.models import (
    Aggregate,
    Count,
    Exists,
    F,
    Model,
    OuterRef,
    Q,
    QuerySet,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import TruncDate

from curriculum.models import CourseRun, Learner
from kpis.definitions.lookup_paths import field_at, is_day
from kpis.definitions.periods import Period
from kpis.definitions.scopes import (
    SITE,
    Scope,
    counted_enrollments,
    level_of,
    scope_lookups,
)

Expression = Aggregate | Combinable
ROWS = Count("pk")


@dataclass(frozen=True)
class Ratio:
    """Aggregates of rows: the value is `total` ÷ `weight`, and `n` is the number of observations.

    `rows` replaces the rows that the function got, for example by the latest of each learner.
    """

    total: Expression
    weight: Expression
    n: Expression = ROWS
    rows: QuerySet[Any] | None = None


@dataclass(frozen=True)
class Cut:
    """What the rows were cut to: a period, and the finest level grouped by or selected.

    `level` is site, course, run or module. Within a course, for example, a learner's latest answer
    may be another one than on the whole site.
    """

    period: Period
    level: str


@dataclass(frozen=True, kw_only=True)
class Moments:
    """A moment of each learner or run, such as the first exposure to an experiment.

    `rows` has one row per unit: `unit` is its foreign key to the learner or run, `moment` its date
    and `group` what the units are compared by. Facts count from the moment on or, if `is_before`,
    before it; `days` limits how long after or before. `day` is the stored day of the moment, if
    there is one: converting each moment to its day takes long. `are_counted`: none of the learners
    is staff or a test account.
    """

    rows: QuerySet[Any]
    unit: str
    moment: str
    group: str
    is_before: bool = False
    days: int | None = None
    day: str | None = None
    are_counted: bool = False


RatioFunction = Callable[..., Ratio]
# rows of another model to the fact rows whose figures they change, or the lookup path to these
Link = str | Callable[[QuerySet[Any]], QuerySet[Any]]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """The rows of `model` in a period, and the function that turns them into a ratio.

    `at` is the date by which a row belongs to a period; with `until`, a row counts in a period if
    it holds at its start: `at` is earlier, and `until` is empty or not earlier.

    The other fields are lookup paths. `enrollment` ("" if the rows are enrollments) leads to
    course, run and person; rows without one name these themselves. `person` is the learner.
    `people` is what counts as one person in small groups and intervals: the learner, or something
    else, such as a customer. `reads` lists other models whose rows change the figures; with
    `sees_until_end`, only as far as they are dated before the end of the period.
    """

    model: type[Model]
    at: str
    ratio: RatioFunction
    until: str | None = None
    enrollment: str | None = None
    course: str | None = None
    run: str | None = None
    module: str | None = None
    person: str | None = None
    people: str | None = None
    reads: Mapping[type[Model], Link] = field(default_factory=dict)
    sees_until_end: bool = False
    # how many days a row with a date stands for
    row_days: int = 1

    def problem(self) -> str:
        """Try the function out, without rows; return what is wrong with it, or an empty text."""
        rows: QuerySet[Any] = QuerySet(self.model)
        period = Period(date(2024, 1, 1), date(2024, 2, 1), "month", ZoneInfo("UTC"))
        try:
            ratio: object = self._ratio(rows, Cut(period, level_of((), SITE)))
            if not isinstance(ratio, Ratio):
                return f"the function should return a Ratio, not {ratio!r}."
            counted = rows if ratio.rows is None else ratio.rows
            sums = {"kpi_n": ratio.n, "kpi_total": ratio.total, "kpi_weight": ratio.weight}
            counted.order_by().values(self.path("people")).annotate(**sums)
        except (FieldError, TypeError) as error:
            return f"the function cannot be used: {error}."
        return ""

    @property
    def paths(self) -> dict[str, str | None]:
        """Return the lookup path to each dimension; None for those that the rows do not have."""
        return {
            "course": self.course,
            "run": self.run,
            "module": self.module,
            "learner": self.person,
            "people": self.people,
        }

    def path(self, name: str) -> str:
        """Return the lookup path to a dimension; ValueError if the rows do not have it."""
        path = self.paths.get(name)
        if path is None:
            raise ValueError(f"This KPI cannot be broken down by {name}.")
        return path

    @cached_property
    def names_every_course(self) -> bool:
        """Return whether each row that counts belongs to a course, so that courses add up."""
        if self.enrollment is not None:
            return True
        names = (self.course or "").split("__")
        paths = ("__".join(names[: at + 1]) for at in range(len(names)))
        return not any(getattr(field_at(self.model, path), "null", False) for path in paths)

    @cached_property
    def is_by_date(self) -> bool:
        """Return whether `at` is a date without a time."""
        return is_day(self.model, self.at)

    def select(
        self,
        period: Period,
        by: Sequence[str] = (),
        scope: Scope = SITE,
        moments: Moments | None = None,
        *,
        of_everybody: bool = False,
        of_any_enrollment: bool = False,
    ) -> tuple[QuerySet[Any], Ratio]:
        """Return the rows in a period and scope, and the ratio of their sums.

        With `moments`, only rows count that lie after (or before) the moment of their unit.
        `of_everybody` does not look for staff and test accounts, because the caller drops them;
        `of_any_enrollment` does not look for canceled enrollments either.
        """
        restrictions = (
            ("module", scope.module_id),
            ("run", scope.run_id),
            ("learner", scope.learner_ids),
        )
        for name, selected in restrictions:
            if selected is not None:
                self.path(name)
        rows: QuerySet[Any] = QuerySet(self.model).filter(self.condition_in(period))
        if not of_any_enrollment:
            rows = self._counted(rows, of_everybody=of_everybody)
        rows = rows.filter(**scope_lookups(scope, self.paths))
        if scope.signed_up is not None:
            rows = rows.filter(self._signed_up(*scope.signed_up))
        if moments is not None:
            rows = self._around(rows, period, moments)
        ratio = self._ratio(rows, Cut(period, level_of(by, scope)))
        return (rows if ratio.rows is None else ratio.rows).order_by(), ratio

    def condition_in(self, period: Period) -> Q:
        """Return the condition for counting in the period."""
        if self.until:
            begun, ended = (
                period.first if is_day(self.model, path) else period.start
                for path in (self.at, self.until)
            )
            has_ended = Q(**{f"{self.until}__isnull": False, f"{self.until}__lt": ended})
            return Q(**{f"{self.at}__lt": begun}) & ~has_ended
        first, after = (
            (period.first, period.after) if self.is_by_date else (period.start, period.end)
        )
        return Q(**{f"{self.at}__gte": first, f"{self.at}__lt": after})

    def _signed_up(self, start: datetime, end: datetime) -> Q:
        """Return the condition for a sign-up in `[start, end)`; ValueError without enrollments."""
        if self.enrollment is None:
            raise ValueError("The rows of this KPI belong to no enrollment.")
        path = f"{self.enrollment}__enrolled_at" if self.enrollment else "enrolled_at"
        return Q(**{f"{path}__gte": start, f"{path}__lt": end})

    def _counted(self, rows: QuerySet[Any], *, of_everybody: bool) -> QuerySet[Any]:
        """Leave out canceled enrollments, and the rows of staff and test accounts."""
        if self.enrollment is not None:
            return rows.filter(**counted_enrollments(self.enrollment, of_everybody=of_everybody))
        if self.person is None or of_everybody:
            return rows
        return rows.exclude(**{f"{self.person}__in": Learner.objects.uncounted()})

    def _around(self, rows: QuerySet[Any], period: Period, moments: Moments) -> QuerySet[Any]:
        """Keep the rows after (or before) the moment of their unit."""
        unit, moment = OuterRef(self.path(unit_of(moments))), F(moments.moment)
        of_unit = moments.rows.filter(**{moments.unit: unit})
        if self.until:
            side = "gt" if moments.is_before else "lte"
            is_there = {f"{moments.moment}__{side}": period.start}
            return rows.filter(Exists(of_unit.filter(**is_there)))
        limit: Any = moment + timedelta(days=moments.days or 0) * (-1 if moments.is_before else 1)
        first, last = (limit, moment) if moments.is_before else (moment, limit)
        is_after = "lte"
        if self.is_by_date:
            # the day of the moment itself lies on neither side, nor does its week
            is_after = "lte" if moments.is_before else "lt"
            if moments.day and not moments.is_before:
                first = F(moments.day)
            else:
                first = TruncDate(first, tzinfo=period.zone)
            last = TruncDate(last - timedelta(days=self.row_days - 1), tzinfo=period.zone)
        at = OuterRef(self.at)
        if not moments.is_before or moments.days is not None:
            of_unit = of_unit.alias(kpi_first=first).filter(**{f"kpi_first__{is_after}": at})
        if moments.is_before or moments.days is not None:
            of_unit = of_unit.alias(kpi_last=last).filter(kpi_last__gt=at)
        return rows.filter(Exists(of_unit))

    @cached_property
    def _ratio(self) -> RatioFunction:
        """Return the function; it may do without the cut."""
        if len(inspect.signature(self.ratio).parameters) > 1:
            return self.ratio
        return lambda rows, cut: self.ratio(rows)


def unit_of(moments: Moments) -> str:
    """Return the dimension of the units, learner or run; ValueError if they are neither."""
    model = field_at(moments.rows.model, moments.unit).related_model
    units = {Learner: "learner", CourseRun: "run"}
    if model not in units:
        raise ValueError(f"“{moments.unit}” leads to {model.__name__}, not to learners or runs.")
    return units[model]
