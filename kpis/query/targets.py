"""Set targets and look them up: a change adds a version, so past periods keep their target."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from accounts.models import User
from core import reporting_clock
from curriculum.models import Course
from kpis.definitions import units
from kpis.definitions.periods import Period, between, local_day
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.definitions.scopes import Scope
from kpis.models import Target
from kpis.signals import targets_set

# the target that a value is compared with, and one that is in force but not comparable
Targets = tuple[Target | None, Target | None]
BOUNDS = {units.PERCENT.key: (0, 100), units.POINTS.key: (-100, 100)}


def check(kpi: str, value: Decimal) -> None:
    """Raise ValidationError for an unknown KPI or a value outside the range of its unit."""
    if kpi not in REGISTRY:
        raise ValidationError(
            gettext("Unknown KPI “%(key)s”. Available KPIs: %(keys)s.")
            % {"key": kpi, "keys": ", ".join(sorted(REGISTRY))}
        )
    indicator = REGISTRY[kpi]
    low, high = BOUNDS.get(indicator.unit.key, (0, None))
    if low <= value and (high is None or value <= high):
        return
    if high is None:
        error = gettext("The target of %(kpi)s must be %(low)s or more, not %(value)s.")
    else:
        error = gettext("The target of %(kpi)s must be from %(low)s to %(high)s, not %(value)s.")
    written = {
        name: indicator.unit.written(float(number), trimmed=True)
        for name, number in (("low", low), ("high", high or 0), ("value", value))
    }
    raise ValidationError(error % {"kpi": indicator.name, **written})


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
    """Add a version of a target that is in force from `valid_from`, by default from today.

    It stays in force until another version starts; if two start on the same day, the later
    version counts. Raises ValidationError like `check`.
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
    """Return the version in force on a day: the course's own, else the general one, else None."""
    return TargetHistory.load([kpi]).in_force(kpi, course.pk if course else None, on)


class TargetHistory:
    """All versions of some targets; the version in force on its last day applies to a period."""

    def __init__(self, targets: Iterable[Target]) -> None:
        self._versions: dict[tuple[str, int | None], list[Target]] = defaultdict(list)
        for target in sorted(targets, key=lambda one: (one.starts, one.version), reverse=True):
            self._versions[target.kpi, target.course_id].append(target)

    @classmethod
    def load(cls, kpis: Iterable[str] | None = None) -> TargetHistory:
        """Read the targets of these KPIs, or of all KPIs, in one query."""
        rows = Target.objects.all() if kpis is None else Target.objects.filter(kpi__in=list(kpis))
        return cls(rows)

    def in_force(self, kpi: str, course_id: int | None, day: date) -> Target | None:
        for scope in dict.fromkeys((course_id, None)):
            for target in self._versions.get((kpi, scope), ()):
                if target.starts <= day:
                    return target
        return None

    def courses_of(self, kpi: str) -> set[int]:
        """Return the courses that have targets of their own."""
        return {course for key, course in self._versions if key == kpi and course is not None}

    def all_in_force(self, day: date) -> list[Target]:
        """Return the version in force on a day for each KPI and course that has one."""
        in_force = (
            next((one for one in versions if one.starts <= day), None)
            for versions in self._versions.values()
        )
        return [one for one in in_force if one]

    def next_start(self, target: Target) -> date | None:
        """Return the first later day on which another version starts; None if there is none."""
        starts = [one.starts for one in self._versions[target.kpi, target.course_id]]
        return min((start for start in starts if start > target.starts), default=None)


def past_months(target: Target) -> list[Period]:
    """Return the past months to which this version applies."""
    history = TargetHistory.load([target.kpi])
    until = min(history.next_start(target) or today(), today())
    if target.valid_from is None or target.valid_from >= until:
        return []
    months = between(target.valid_from, until, "month", reporting_clock.reporting_zone())
    return [month for month in months if month.last < until]


@transaction.atomic
def create_missing(**kwargs: object) -> None:
    """Add the first version of every declared target that has none, valid from the beginning."""
    existing = set(Target.objects.filter(course=None).values_list("kpi", flat=True))
    made = Target.objects.bulk_create(
        Target(
            kpi=one.key,
            version=1,
            value=one.target,
            note=gettext_noop("Default target of the KPI."),
        )
        for one in REGISTRY.values()
        if one.target is not None and one.key not in existing
    )
    targets_set.send(Target, targets=made)


def comparable(found: Target | None, indicator: Indicator, scope: Scope, period: Period) -> Targets:
    """Return a target first or second in the pair, depending on whether the value compares.

    The target of a total, and of any KPI that depends on the length of the period, is for a
    calendar month. The target of a total is also for the whole course or site it is set for.
    """
    if found is None:
        return None, None
    is_too_long = indicator.has_monthly_target and not period.is_one_month
    is_a_part = indicator.is_total and not _is_for_whole_scope(found, scope)
    return (None, found) if is_too_long or is_a_part else (found, None)


def _is_for_whole_scope(target: Target, scope: Scope) -> bool:
    is_all = scope.run_id is None and scope.learner_ids is None and scope.module_id is None
    courses = None if target.course_id is None else frozenset({target.course_id})
    return is_all and scope.course_ids == courses
