"""Reaching and finishing the modules of a plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet

from core import bulk_upsert
from curriculum import enrolling
from curriculum.models import Course, Enrollment, Module, PlannedModule
from engagement.facts import batch_work
from engagement.models import ModuleProgress
from intake.models import Event


@dataclass(slots=True)
class Line:
    """One line of a plan with its progress, as it stands and as it should."""

    pk: int
    enrollment_id: int
    course_id: int
    module_id: int
    position: int
    due_at: datetime | None
    was_reached_at: datetime | None
    was_done_at: datetime | None
    was_waived: bool | None
    reached_at: datetime | None = None
    done_at: datetime | None = None
    is_waived: bool = False

    @property
    def is_new(self) -> bool:
        """True when something here is earlier than what stands, or waived now."""
        return (
            _earlier(self.reached_at, self.was_reached_at)
            or _earlier(self.done_at, self.was_done_at)
            or (self.is_waived and not self.was_waived)
        )


def _earlier(new: datetime | None, old: datetime | None) -> bool:
    return new is not None and (old is None or new < old)


def _least(new: datetime, old: datetime | None) -> datetime:
    return new if old is None else min(new, old)


def advance(events: Sequence[Event]) -> None:
    """Take note of traces in modules, of modules done and of modules waived.

    A trace reaches the module and every module before it in the learner's plan. A waived module
    is done without one: somebody said that it need not be. Who has done all that are required has
    completed the course.
    """
    events = [event for event in events if event.module_id is not None]
    lines = _lines(events)
    _reach(lines, [event for event in events if event.kind != WAIVED])
    done = [event for event in events if event.kind in (COMPLETED, WAIVED)]
    _finish(lines, done)
    _write(lines)
    complete({event.enrollment_id or 0 for event in done})


COMPLETED, WAIVED = "module.completed", "module.waived"


def _finish(lines: dict[int, list[Line]], events: Sequence[Event]) -> None:
    for event in events:
        for line in lines[event.enrollment_id or 0]:
            if line.module_id == event.module_id:
                line.done_at = _least(event.occurred_at, line.done_at)
                line.reached_at = _least(event.occurred_at, line.reached_at)
                line.is_waived |= event.kind == WAIVED


def complete(enrollment_ids: Iterable[int]) -> None:
    """Complete the enrolments whose required modules are all done, at the last one's date."""
    ids = list(enrollment_ids)
    if not ids:
        return
    plans = (
        PlannedModule.objects.filter(enrollment__in=ids, is_required=True)
        .order_by()
        .values("enrollment_id")
        .annotate(left=Count("pk", filter=Q(progress__done_at=None)), last=Max("progress__done_at"))
    )
    done = {plan["enrollment_id"]: plan["last"] for plan in plans.filter(left=0)}
    enrolling.complete(done.items(), by_event=True)
    mark_due(done)


def completable() -> QuerySet[Course]:
    """Courses that can be completed at all: by a required module, or because a sender says so."""
    required = PlannedModule.objects.filter(module__course=OuterRef("pk"), is_required=True)
    said = Enrollment.objects.filter(run__course=OuterRef("pk"), completed_at__isnull=False)
    return Course.objects.filter(Exists(required) | Exists(said))


@contextmanager
def becoming_completable(events: Sequence[Event]) -> Iterator[None]:
    """Mark every due day of courses that nobody could complete before the block and can after."""
    known = set(completable().order_by().values_list("pk", flat=True))
    barren = {event.course_id or 0 for event in events} - known
    yield
    if barren:
        opened = completable().filter(pk__in=barren)
        due = Enrollment.objects.filter(run__course__in=opened).order_by()
        batch_work.mark_stale(due.values_list("run__course_id", "due_at").distinct())


def mark_due(enrollment_ids: Iterable[int]) -> None:
    """The days on which these enrolments fall due count differently now."""
    due = Enrollment.objects.filter(pk__in=list(enrollment_ids)).order_by()
    batch_work.mark_stale(due.values_list("run__course_id", "due_at"))


def mark_plans(enrollment_ids: Iterable[int]) -> None:
    """The days on which these enrolments and their modules fall due count differently now."""
    ids = list(enrollment_ids)
    mark_due(ids)
    lines = PlannedModule.objects.filter(enrollment__in=ids).order_by()
    batch_work.mark_stale(lines.values_list("module__course_id", "due_at"))


def _lines(events: Sequence[Event]) -> dict[int, list[Line]]:
    """The lines of plans that these events may change."""
    lines: dict[int, list[Line]] = defaultdict(list)
    if not events:
        return lines
    ids = {event.enrollment_id for event in events}
    rows = PlannedModule.objects.filter(_may_change(events), enrollment__in=ids)
    for row in rows.order_by("enrollment_id", "position").values_list(
        "pk",
        "enrollment_id",
        "module__course_id",
        "module_id",
        "position",
        "due_at",
        "progress__reached_at",
        "progress__done_at",
        "progress__is_waived",
    ):
        line = Line(*row)
        lines[line.enrollment_id].append(line)
    return lines


def _may_change(events: Sequence[Event]) -> Q:
    """Lines not reached before all these events, those that are done now, and those moved since.

    A line that was reached has none before it that was not, unless the course's order changed.
    """
    first = min(event.occurred_at for event in events)
    done = [event for event in events if event.kind in (COMPLETED, WAIVED)]
    finished = Q(
        enrollment__in={event.enrollment_id for event in done},
        module__in={event.module_id for event in done},
    )
    unreached = Q(progress=None) | Q(progress__reached_at__gt=first)
    return unreached | finished | ~Q(module__position=F("position"))


def _reach(lines: dict[int, list[Line]], events: Sequence[Event]) -> None:
    modules = {event.module_id or 0 for event in events}
    now = dict(Module.objects.filter(pk__in=modules).values_list("pk", "position"))
    for enrollment, first in _first_traces(events).items():
        plan = lines[enrollment]
        planned = {line.module_id: line.position for line in plan}
        for module, at in first.items():
            # a plan keeps its order; a module that came later stands where the course has it
            upto = planned.get(module, now[module])
            for line in plan:
                if line.position <= upto:
                    line.reached_at = _least(at, line.reached_at)


def _first_traces(events: Sequence[Event]) -> dict[int, dict[int, datetime]]:
    first: dict[int, dict[int, datetime]] = defaultdict(dict)
    for event in events:
        of_learner, module = first[event.enrollment_id or 0], event.module_id or 0
        of_learner[module] = _least(event.occurred_at, of_learner.get(module))
    return first


def _write(lines: dict[int, list[Line]]) -> None:
    changed = [line for plan in lines.values() for line in plan if line.is_new]
    rows = [(line.pk, line.reached_at, line.done_at, line.is_waived) for line in changed]
    bulk_upsert.upsert(
        ModuleProgress,
        ("planned_id", "reached_at", "done_at", "is_waived"),
        sorted(rows, key=lambda row: row[0]),
        conflict="planned_id",
        merge={"reached_at": "smaller", "done_at": "smaller", "is_waived": "larger"},
    )
    batch_work.mark_stale(
        (line.course_id, moment)
        for line in changed
        for moment in (line.due_at, line.reached_at, line.was_reached_at)
    )
