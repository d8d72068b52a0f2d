"""Reach and complete the modules of a plan, and with them the course."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet

from core.changes import Changes
from core.database import bulk_upsert
from curriculum import enrolling
from curriculum.models import Course, Enrollment, Module, PlannedModule
from engagement.models import ModuleProgress
from intake.event_batch import EventBatch
from intake.models import Event

COMPLETED, WAIVED = "module.completed", "module.waived"


@dataclass(slots=True)
class PlanLine:
    """One module of an enrollment's plan with its stored progress and its new progress."""

    pk: int
    enrollment_id: int
    course_id: int
    module_id: int
    position: int
    due_at: datetime | None
    stored_reached_at: datetime | None
    stored_done_at: datetime | None
    stored_is_waived: bool | None
    reached_at: datetime | None = None
    done_at: datetime | None = None
    is_waived: bool = False

    @property
    def is_changed(self) -> bool:
        """True when the new progress is earlier than the stored one, or newly waived."""
        return (
            _is_earlier(self.reached_at, self.stored_reached_at)
            or _is_earlier(self.done_at, self.stored_done_at)
            or (self.is_waived and not self.stored_is_waived)
        )


def _is_earlier(new: datetime | None, old: datetime | None) -> bool:
    return new is not None and (old is None or new < old)


def _earliest(new: datetime, old: datetime | None) -> datetime:
    return new if old is None else min(new, old)


def update_progress(batch: EventBatch) -> None:
    """Update the progress in modules from events that name one.

    An event in a module reaches it and every earlier module of the learner's plan. Waiving a
    module completes it without reaching others. An enrollment is complete once all its required
    modules are.
    """
    events = [event for event in batch.events if event.module_id is not None]
    plans = _read_plans(events)
    _reach(plans, [event for event in events if event.kind != WAIVED])
    done = [event for event in events if event.kind in (COMPLETED, WAIVED)]
    for event in done:
        for line in plans[event.enrollment_id or 0]:
            if line.module_id == event.module_id:
                line.done_at = _earliest(event.occurred_at, line.done_at)
                line.reached_at = _earliest(event.occurred_at, line.reached_at)
                line.is_waived |= event.kind == WAIVED
    _write(plans, batch.changes)
    complete_enrollments({event.enrollment_id or 0 for event in done}, batch.changes)


def complete_enrollments(enrollment_ids: Iterable[int], changes: Changes) -> None:
    """Complete the enrollments whose required modules are all done, when the last one was."""
    ids = list(enrollment_ids)
    if not ids:
        return
    plans = (
        PlannedModule.objects.filter(enrollment__in=ids, is_required=True)
        .order_by()
        .values("enrollment_id")
        .annotate(open=Count("pk", filter=Q(progress__done_at=None)), last=Max("progress__done_at"))
    )
    done = {plan["enrollment_id"]: plan["last"] for plan in plans.filter(open=0)}
    enrolling.complete(done.items(), by_event=True, changes=changes)


def completable_courses() -> QuerySet[Course]:
    """Courses with a required module in a plan, or with a completion that a sender reported."""
    required = PlannedModule.objects.filter(module__course=OuterRef("pk"), is_required=True)
    completed = Enrollment.objects.filter(run__course=OuterRef("pk"), completed_at__isnull=False)
    return Course.objects.filter(Exists(required) | Exists(completed))


@contextmanager
def marking_newly_completable_courses(batch: EventBatch) -> Iterator[None]:
    """Mark every due day of courses that become completable within the block."""
    completable = set(completable_courses().order_by().values_list("pk", flat=True))
    others = {event.course_id or 0 for event in batch.events} - completable
    yield
    if others:
        newly = completable_courses().filter(pk__in=others)
        due = Enrollment.objects.filter(run__course__in=newly).order_by()
        batch.changes.changed_through(Course, due)


def _read_plans(events: Sequence[Event]) -> dict[int, list[PlanLine]]:
    """The plan lines that these events may change, by enrollment and in the plan's order."""
    plans: dict[int, list[PlanLine]] = defaultdict(list)
    if not events:
        return plans
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
        line = PlanLine(*row)
        plans[line.enrollment_id].append(line)
    return plans


def _may_change(events: Sequence[Event]) -> Q:
    """Lines not reached before these events, lines done now, and lines whose module was moved.

    A line before a reached one is reached too, unless the order of the course has changed.
    """
    first = min(event.occurred_at for event in events)
    done = [event for event in events if event.kind in (COMPLETED, WAIVED)]
    finished = Q(
        enrollment__in={event.enrollment_id for event in done},
        module__in={event.module_id for event in done},
    )
    unreached = Q(progress=None) | Q(progress__reached_at__gt=first)
    return unreached | finished | ~Q(module__position=F("position"))


def _reach(plans: dict[int, list[PlanLine]], events: Sequence[Event]) -> None:
    """Reach the module of each event and all modules before it."""
    modules = {event.module_id or 0 for event in events}
    positions = dict(Module.objects.filter(pk__in=modules).values_list("pk", "position"))
    for enrollment, first in _first_events(events).items():
        plan = plans[enrollment]
        planned = {line.module_id: line.position for line in plan}
        for module, at in first.items():
            # a plan keeps its order; a module added later is where the course has it
            upto = planned.get(module, positions[module])
            for line in plan:
                if line.position <= upto:
                    line.reached_at = _earliest(at, line.reached_at)


def _first_events(events: Sequence[Event]) -> dict[int, dict[int, datetime]]:
    """When each enrollment had its first event in each module."""
    first: dict[int, dict[int, datetime]] = defaultdict(dict)
    for event in events:
        by_module, module = first[event.enrollment_id or 0], event.module_id or 0
        by_module[module] = _earliest(event.occurred_at, by_module.get(module))
    return first


def _write(plans: dict[int, list[PlanLine]], changes: Changes) -> None:
    changed = [line for plan in plans.values() for line in plan if line.is_changed]
    rows = [(line.pk, line.reached_at, line.done_at, line.is_waived) for line in changed]
    bulk_upsert.upsert(
        ModuleProgress,
        ("planned_id", "reached_at", "done_at", "is_waived"),
        sorted(rows, key=lambda row: row[0]),
        conflict="planned_id",
        merge={"reached_at": "smaller", "done_at": "smaller", "is_waived": "larger"},
    )
    changes.changed(
        ModuleProgress.objects.filter(planned__in=[line.pk for line in changed]),
        reached_at=_dated(changed, "reached_at", "stored_reached_at"),
        done_at=_dated(changed, "done_at", "stored_done_at"),
    )


def _dated(lines: Iterable[PlanLine], *names: str) -> Iterator[tuple[int, datetime | None]]:
    return ((line.course_id, getattr(line, name)) for line in lines for name in names)
