"""Reach and complete the modules of a plan, and with them the course."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet

from core.changes import Changes, Known
from core.database import bulk_upsert, given_rows
from core.database.compiled_queries import CompiledQuery, Template, given_ids
from curriculum import enrolling
from curriculum.models import Course, Enrollment, PlannedModule
from engagement.models import ModuleProgress
from intake.event_batch import EventBatch
from intake.models import Event

COMPLETED, WAIVED = "module.completed", "module.waived"

# When an enrollment reaches and completes a module, if it does either, and 1 if it is waived.
GIVEN = {
    "enrollment_id": int,
    "module_id": int,
    "reached_at": datetime,
    "done_at": datetime,
    "is_waived": int,
}
# A plan keeps its order; a module added later is where the course has it. CROSS JOIN: SQLite must
# begin with the events.
CHANGED = """
    WITH event AS (SELECT * FROM {rows}),
    line (planned_id, reached_at, done_at, is_waived) AS (
        SELECT planned.id, event.reached_at, NULL, 0
        FROM event
        CROSS JOIN curriculum_module module
        LEFT JOIN curriculum_plannedmodule own
            ON own.enrollment_id = event.enrollment_id AND own.module_id = event.module_id
        CROSS JOIN curriculum_plannedmodule planned
        LEFT JOIN engagement_moduleprogress stored ON stored.planned_id = planned.id
        WHERE module.id = event.module_id
            AND planned.enrollment_id = event.enrollment_id
            AND planned.position <= COALESCE(own.position, module.position)
            AND (
                event.reached_at < stored.reached_at
                OR (stored.id IS NULL AND event.reached_at IS NOT NULL)
            )
        UNION ALL
        SELECT own.id, event.done_at, event.done_at, event.is_waived
        FROM event
        CROSS JOIN curriculum_plannedmodule own
        WHERE own.enrollment_id = event.enrollment_id
            AND own.module_id = event.module_id
            AND event.done_at IS NOT NULL
    )
    SELECT planned.id, module.course_id, planned.due_at, stored.reached_at, stored.done_at,
        MIN(line.reached_at), MIN(line.done_at), MAX(line.is_waived)
    FROM line
    CROSS JOIN curriculum_plannedmodule planned
    CROSS JOIN curriculum_module module
    LEFT JOIN engagement_moduleprogress stored ON stored.planned_id = planned.id
    WHERE planned.id = line.planned_id AND module.id = planned.module_id
    GROUP BY planned.id, module.course_id, planned.due_at, stored.id,
        stored.reached_at, stored.done_at, stored.is_waived
    HAVING stored.id IS NULL
        OR MIN(line.reached_at) < stored.reached_at
        OR MIN(line.done_at) < stored.done_at
        OR (stored.done_at IS NULL AND MIN(line.done_at) IS NOT NULL)
        OR (MAX(line.is_waived) = 1 AND NOT stored.is_waived)
    ORDER BY planned.id
"""
PROGRESS = Template(ModuleProgress.objects.filter(planned__in=given_ids("planned")))
DONE = CompiledQuery(
    PlannedModule.objects.filter(enrollment__in=given_ids("enrollments"), is_required=True)
    .order_by()
    .values("enrollment_id")
    .annotate(open=Count("pk", filter=Q(progress__done_at=None)), last=Max("progress__done_at"))
    .filter(open=0)
    .values_list("enrollment_id", "last")
)


class ChangedLine(NamedTuple):
    """A planned module whose progress changes: what is stored, and what it becomes."""

    planned_id: int
    course_id: int
    due_at: datetime | None
    stored_reached_at: datetime | None
    stored_done_at: datetime | None
    reached_at: datetime | None
    done_at: datetime | None
    is_waived: bool


def update_progress(batch: EventBatch) -> None:
    """Update the progress in modules from events that name one.

    An event in a module reaches it and every earlier module of the learner's plan. Waiving a
    module completes it without reaching others. An enrollment is complete once all its required
    modules are.
    """
    rows = _steps(batch.events)
    if not rows:
        return
    _write(_changed(rows), batch.changes)
    complete_enrollments({row[0] for row in rows if row[3]}, batch.changes)


def _steps(events: Iterable[Event]) -> list[tuple[Any, ...]]:
    """Return the values of GIVEN, from the first events of each enrollment in each module."""
    reached: dict[tuple[int, int], datetime] = {}
    done: dict[tuple[int, int], datetime] = {}
    waived: set[tuple[int, int]] = set()
    for event in events:
        if event.module_id is None:
            continue
        key, at = (event.enrollment_id or 0, event.module_id), event.occurred_at
        if event.kind == WAIVED:
            waived.add(key)
        else:
            reached[key] = min(at, reached.get(key, at))
        if event.kind in (COMPLETED, WAIVED):
            done[key] = min(at, done.get(key, at))
    keys = reached.keys() | done.keys()
    return [(*key, reached.get(key), done.get(key), int(key in waived)) for key in sorted(keys)]


def _changed(rows: Sequence[tuple[Any, ...]]) -> list[ChangedLine]:
    found = []
    for pk, course, *moments, is_waived in given_rows.select(CHANGED, GIVEN, rows):
        due, stored_reached, stored_done, reached, done = map(given_rows.moment, moments)
        stored, new = (
            (stored_reached, stored_done),
            (_first(stored_reached, reached), _first(stored_done, done)),
        )
        found.append(ChangedLine(pk, course, due, *stored, *new, bool(is_waived)))
    return found


def _first(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((at for at in (one, other) if at), default=None)


def _write(lines: Sequence[ChangedLine], changes: Changes) -> None:
    if not lines:
        return
    bulk_upsert.upsert(
        ModuleProgress,
        ("planned_id", "reached_at", "done_at", "is_waived"),
        [(one.planned_id, one.reached_at, one.done_at, one.is_waived) for one in lines],
        conflict="planned_id",
        merge={"reached_at": "smaller", "done_at": "smaller", "is_waived": "larger"},
    )
    changes.changed(
        PROGRESS.given(planned=[one.planned_id for one in lines]),
        reached_at=_dated(lines, "reached_at", "stored_reached_at"),
        done_at=_dated(lines, "done_at", "stored_done_at"),
        planned__due_at={_due(line) for line in lines},
    )


def _due(line: ChangedLine) -> Known:
    """Return when a planned module is due, and since when its progress is not as it was."""
    moments = ((line.stored_reached_at, line.reached_at), (line.stored_done_at, line.done_at))
    since = min((new for stored, new in moments if new and new != stored), default=None)
    return (line.course_id, line.due_at, since) if since else (line.course_id, line.due_at)


def _dated(lines: Iterable[ChangedLine], *names: str) -> set[tuple[int, datetime | None]]:
    return {(line.course_id, getattr(line, name)) for line in lines for name in names}


def complete_enrollments(enrollment_ids: Iterable[int], changes: Changes) -> None:
    """Complete the enrollments whose required modules are all done, when the last one was."""
    if enrollments := list(enrollment_ids):
        enrolling.complete(DONE.run(enrollments=enrollments), by_event=True, changes=changes)


def completable_courses() -> QuerySet[Course]:
    """Courses with a required module in a plan, or with a completion that a sender reported."""
    required = PlannedModule.objects.filter(module__course=OuterRef("pk"), is_required=True)
    completed = Enrollment.objects.filter(run__course=OuterRef("pk"), completed_at__isnull=False)
    return Course.objects.filter(Exists(required) | Exists(completed))


COMPLETABLE = CompiledQuery(
    completable_courses().filter(pk__in=given_ids("courses")).order_by().values_list("pk")
)


@contextmanager
def marking_newly_completable_courses(batch: EventBatch) -> Iterator[None]:
    """Mark every due day of courses that become completable within the block."""
    courses = {event.course_id or 0 for event in batch.events}
    others = courses - _completable(courses)
    yield
    if newly := _completable(others):
        due = Enrollment.objects.filter(run__course__in=newly).order_by()
        batch.changes.changed_through(Course, due)


def _completable(courses: Iterable[int]) -> set[int]:
    some = list(courses)
    return {pk for (pk,) in COMPLETABLE.run(courses=some)} if some else set()
