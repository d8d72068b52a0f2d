"""Targets: set by making a new version, so that every period keeps the one it was judged by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from core import reporting_clock
from core.decimals import format_decimal
from curriculum.models import Course
from kpis.definitions import units
from kpis.definitions.aggregates import Scope
from kpis.definitions.periods import Period, between, local_day
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.models import Target
from kpis.signals import targets_set

# one that a figure can be compared with, and one that it cannot
Targets = tuple[Target | None, Target | None]
BOUNDS = {units.PERCENT.key: (0, 100), units.POINTS.key: (-100, 100)}


def check(kpi: str, value: Decimal) -> None:
    """Refuse an unknown KPI, or a value that its unit cannot reach (ValidationError)."""
    if kpi not in REGISTRY:
        raise ValidationError(f"There is no KPI {kpi}; there are {', '.join(sorted(REGISTRY))}.")
    indicator = REGISTRY[kpi]
    low, high = BOUNDS.get(indicator.unit.key, (0, None))
    if value < low or (high is not None and value > high):
        wanted = f"from {low} to {high}" if high is not None else f"{low} or more"
        raise ValidationError(
            f"The target of {indicator.name} is {wanted} ({indicator.unit.key}); "
            f"{format_decimal(value)} is outside."
        )


@transaction.atomic
def set_target(
    kpi: str,
    value: Decimal,
    *,
    course: Course | None = None,
    valid_from: date | None = None,
    by: User | None = None,
    note: str = "",
) -> Target:
    """Make the next version of a target; it holds from `valid_from`, by default from today.

    Where it starts before another version, it holds until that one does; of two versions that
    start on one day the later one stands. ValidationError as `check` says.
    """
    check(kpi, value)
    versions = Target.objects.select_for_update(of=("self",)).filter(kpi=kpi, course=course)
    target = Target.objects.create(
        kpi=kpi,
        course=course,
        version=max((one.version for one in versions), default=0) + 1,
        value=value,
        valid_from=valid_from or today(),
        note=note,
        set_by=by,
    )
    targets_set.send(Target, targets=[target])
    return target


def today() -> date:
    return local_day(timezone.now(), reporting_clock.reporting_zone())


def in_force(kpi: str, course: Course | None, on: date) -> Target | None:
    """The version that a day is judged by: the course's own, else the general one; or None."""
    return TargetHistory.load([kpi]).in_force(kpi, course.pk if course else None, on)


class TargetHistory:
    """All versions of some targets, loaded once and asked often.

    A period is judged by the version in force on its last day.
    """

    def __init__(self, targets: Iterable[Target]) -> None:
        self._versions: dict[tuple[str, int | None], list[Target]] = defaultdict(list)
        for target in sorted(targets, key=lambda one: (one.starts, one.version), reverse=True):
            self._versions[target.kpi, target.course_id].append(target)

    @classmethod
    def load(cls, kpis: Iterable[str] | None = None) -> TargetHistory:
        """Read the targets of these KPIs, or of all, in one query."""
        rows = Target.objects.all() if kpis is None else Target.objects.filter(kpi__in=list(kpis))
        return cls(rows)

    def in_force(self, kpi: str, course_id: int | None, day: date) -> Target | None:
        for scope in dict.fromkeys((course_id, None)):
            for target in self._versions.get((kpi, scope), ()):
                if target.starts <= day:
                    return target
        return None

    def standing(self, day: date) -> list[Target]:
        """The version of each KPI and course that holds on the day."""
        holding = (
            next((one for one in versions if one.starts <= day), None)
            for versions in self._versions.values()
        )
        return [one for one in holding if one]

    def next_start(self, target: Target) -> date | None:
        """The first later day that another version begins to hold; None when none does."""
        starts = [one.starts for one in self._versions[target.kpi, target.course_id]]
        return min((start for start in starts if start > target.starts), default=None)


def past_months(target: Target) -> list[Period]:
    """The months, over by now, that this version judges; none for one that starts today."""
    book = TargetHistory.load([target.kpi])
    until = min(book.next_start(target) or today(), today())
    if target.valid_from is None or target.valid_from >= until:
        return []
    months = between(target.valid_from, until, "month", reporting_clock.reporting_zone())
    return [month for month in months if month.last < until]


@transaction.atomic
def create_missing(**kwargs: object) -> None:
    """Give every KPI with a declared target its first version, from the beginning."""
    there = set(Target.objects.filter(course=None).values_list("kpi", flat=True))
    made = Target.objects.bulk_create(
        Target(kpi=one.key, version=1, value=one.target, note="As declared with the KPI.")
        for one in REGISTRY.values()
        if one.target is not None and one.key not in there
    )
    targets_set.send(Target, targets=made)


def comparable(found: Target | None, indicator: Indicator, scope: Scope, period: Period) -> Targets:
    """A target as an answer takes it: as its own, or as one that it cannot be compared with.

    What depends on the length of a period is aimed at by month; a total also as a whole, of the
    course that the target is set for or of all.
    """
    if found is None:
        return None, None
    is_too_long = indicator.has_monthly_target and not period.is_one_month
    is_a_part = indicator.is_total and not _is_of_the_whole(found, scope)
    return (None, found) if is_too_long or is_a_part else (found, None)


def _is_of_the_whole(target: Target, scope: Scope) -> bool:
    is_all = scope.run_id is None and scope.learner_ids is None and scope.module_id is None
    courses = None if target.course_id is None else frozenset({target.course_id})
    return is_all and scope.course_ids == courses
