"""The other courses or modules, in which nothing was changed at the time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from curriculum.models import Module, Parameter, ParameterChange
from improvement.effects.figures import WindowReader, WindowValue
from improvement.effects.windows import Windows
from kpis.definitions.scopes import Scope
from kpis.statistics.effects import Comparable, Moved, combined, moved


@dataclass(frozen=True)
class Controls:
    """What changed elsewhere, in so many other courses or modules; None without any."""

    comparable: Comparable | None
    unit: str = "course"


def controls_of(reader: WindowReader, windows: Windows, scope: Scope) -> Controls:
    """Return the mean change of the courses, or of the modules of courses, without a change."""
    unit = "module" if scope.module_id is not None else "course"
    if scope.course_ids is None:
        return Controls(None)
    before = reader.values(windows.before, (unit,))
    after = reader.values(windows.after, (unit,))
    changed = changed_courses(windows.around.start, windows.around.end) | scope.course_ids
    course_of = _courses_of(unit)
    found: list[Moved] = []
    for key, then in before.items():
        now = after.get(key)
        course = course_of.get(key[0], key[0])
        if now and course is not None and course not in changed:
            change = _change(reader, then, now)
            found += [change] if change else []
    return Controls(combined(found), unit)


def _change(reader: WindowReader, then: WindowValue, now: WindowValue) -> Moved | None:
    """Return the change; None for few observations or a small group, which it could reveal."""
    if min(then.learners, now.learners) < settings.KPI_MIN_GROUP:
        return None
    if not (then.suffices(reader.indicator) and now.suffices(reader.indicator)):
        return None
    if then.estimate is None or now.estimate is None:
        return None
    return moved(then.estimate, now.estimate)


def _courses_of(unit: str) -> dict[int, int]:
    return dict(Module.objects.values_list("pk", "course_id")) if unit == "module" else {}


def changes_between(start: datetime, end: datetime) -> QuerySet[ParameterChange]:
    """Return the changes of what learners get that took effect in `[start, end)`."""
    changes = ParameterChange.objects.in_effective_order().annotate(
        begins=Coalesce("effective_from", "decided_at")
    )
    return changes.filter(
        parameter__role=Parameter.Role.CURRICULUM, begins__gte=start, begins__lt=end
    )


def changed_courses(start: datetime, end: datetime) -> frozenset[int]:
    """Return the ids of courses that had a change of their own; one of the site is in all."""
    owners = ("parameter__course", "parameter__run__course", "parameter__module__course")
    own = changes_between(start, end).filter(
        Q(parameter__course__isnull=False)
        | Q(parameter__run__isnull=False)
        | Q(parameter__module__isnull=False)
    )
    return frozenset(one for row in own.values_list(*owners) for one in row if one is not None)
