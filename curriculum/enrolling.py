"""Enroll, pause, resume, withdraw and complete, in batches that may repeat and come in any order.

Each call records status changes; an enrollment's status follows from all of its changes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from operator import attrgetter, itemgetter
from typing import Any

from django.db import connection

from core.changes import Changes
from core.database import bulk_upsert
from core.database.compiled_queries import CompiledQuery, Template, given_ids
from curriculum import due_dates, enrollment_timeline
from curriculum.due_dates import PlanLine
from curriculum.enrollment_states import update_enrollments
from curriculum.models import Enrollment, EnrollmentStatusChange, PlannedModule
from curriculum.run_plans import RunPlan, SignUpTime, Terms, current_plans, load_arm_days
from curriculum.signals import enrollment_dates_changed, sign_ups_recorded

# ids of a learner and a run
Pair = tuple[int, int]
# ids of enrollments, and when something happened to each
Moments = Iterable[tuple[int, datetime]]


@dataclass(frozen=True, kw_only=True)
class SignUp:
    """One learner signs up for one run."""

    learner_id: int
    run_id: int
    enrolled_at: datetime
    # None: unknown
    is_certificate_track: bool | None = None
    # from a first activity, not reported: counts only before all others
    is_presumed: bool = False

    @property
    def change(self) -> str:
        return enrollment_timeline.PRESUMED if self.is_presumed else enrollment_timeline.STARTED

    @property
    def track(self) -> str:
        if self.is_certificate_track is None:
            return ""
        return (
            enrollment_timeline.CERTIFICATE
            if self.is_certificate_track
            else enrollment_timeline.AUDIT
        )


def enroll(
    sign_ups: Iterable[SignUp],
    *,
    run_plans: Mapping[int, RunPlan] | None = None,
    by_event: bool = False,
    changes: Changes | None = None,
) -> list[Enrollment]:
    """Enroll a batch of learners and store the plan of each new enrollment.

    Returns the new enrollments only. Of two sign-ups for one run the earlier counts. The plan is
    a snapshot that later changes of the course leave alone; its cut-off and due date follow from
    the parameters at the moment of the sign-up. Pass `run_plans` (by run id) to use other plans
    than those of the courses.
    """
    by_pair: dict[Pair, list[SignUp]] = defaultdict(list)
    for one in sorted(sign_ups, key=attrgetter("enrolled_at")):
        by_pair[one.learner_id, one.run_id].append(one)
    if run_plans is None:
        run_plans = current_plans({run_id for _, run_id in by_pair})
    new = bulk_upsert.upsert(
        Enrollment,
        COLUMNS,
        [_row(by_pair[pair][0], run_plans[pair[1]]) for pair in sorted(by_pair)],
        conflict="learner_id, run_id",
        returning=("id",),
    )
    rows = ENROLLMENTS.run(enrollments=[pk for (pk,) in new]) if new else ()
    enrollments = [Enrollment.from_db(None, FIELDS, row) for row in rows]
    _store_plans(enrollments, run_plans, changes)
    new_ids = {(one.learner_id, one.run_id): one.pk for one in enrollments}
    known_ids = _ids_of(by_pair.keys() - new_ids.keys())
    _record_starts(by_pair, new_ids | known_ids, by_event=by_event)
    enrollment_dates_changed.send(Enrollment, ids=[one.pk for one in enrollments], changes=changes)
    repeated = [pk for pair, pk in new_ids.items() if len(by_pair[pair]) > 1]
    update_enrollments([*known_ids.values(), *repeated], changes=changes)
    ids = [*new_ids.values(), *known_ids.values()]
    sign_ups_recorded.send(Enrollment, ids=ids, by_event=by_event, changes=changes)
    return enrollments


FIELDS = tuple(one.attname for one in Enrollment._meta.concrete_fields)
ENROLLMENTS = CompiledQuery(
    Enrollment.objects.filter(pk__in=given_ids("enrollments")).order_by("pk").values_list(*FIELDS)
)


def _ids_of(pairs: Collection[Pair]) -> dict[Pair, int]:
    rows = Enrollment.objects.filter(
        learner__in={learner for learner, _ in pairs}, run__in={run for _, run in pairs}
    ).order_by()
    found = rows.values_list("learner_id", "run_id", "pk") if pairs else ()
    return {(learner, run): pk for learner, run, pk in found if (learner, run) in pairs}


def _record_starts(
    by_pair: Mapping[Pair, Sequence[SignUp]], ids: Mapping[Pair, int], *, by_event: bool
) -> None:
    tracks: dict[tuple[int, str, datetime], str] = {}
    for pair, sign_ups in by_pair.items():
        for one in sign_ups:
            key = (ids[pair], one.change, one.enrolled_at)
            # of two tracks at one moment "certificate" wins: it sorts after "audit"
            tracks[key] = max(one.track, tracks.get(key, ""))
    _record([(*change, track, None) for change, track in tracks.items()], by_event=by_event)


COLUMNS = (
    "learner_id",
    "run_id",
    "enrolled_at",
    "started_at",
    "cutoff_at",
    "planned_due_at",
    "due_at",
    "completed_by_sender",
    "certificate_track_at",
)


def _row(one: SignUp, plan: RunPlan) -> tuple[object, ...]:
    planned = plan.dates(one.enrolled_at)
    ids = (one.learner_id, one.run_id)
    due = planned.due_at
    dates = (one.enrolled_at, planned.started_at, planned.cutoff_at, due, due)
    return (*ids, *dates, False, one.enrolled_at if one.is_certificate_track else None)


PLANS = Template(PlannedModule.objects.filter(enrollment__in=given_ids("enrollments")))
# copied from the modules to the plan
MODULE_COLUMNS = ("module_id", "position", "is_required", "effort_minutes")
module_values = attrgetter("id", *MODULE_COLUMNS[1:])


def _store_plans(
    enrollments: Sequence[Enrollment], run_plans: Mapping[int, RunPlan], changes: Changes | None
) -> None:
    sign_ups = {
        one.pk: SignUpTime(one.learner_id, run_plans[one.run_id].run, one.enrolled_at)
        for one in enrollments
    }
    arm_days = load_arm_days(
        sign_ups.values(),
        {pk: [module.pk for module in plan.modules] for pk, plan in run_plans.items()},
    )

    @cache
    def lines_of(run_id: int, terms: Terms) -> list[tuple[PlanLine, tuple[Any, ...]]]:
        plan = run_plans[run_id]
        lines = plan.lines(due_dates.timetable_of(plan.run), terms)
        return [(line, module_values(line.module)) for line in lines]

    rows: list[tuple[Any, ...]] = []
    days: set[tuple[int, date]] = set()
    for one in enrollments:
        pk, run = one.pk, run_plans[one.run_id].run
        terms = run_plans[one.run_id].terms_at(run, one.enrolled_at)
        if own_days := arm_days.get(sign_ups[pk]):
            terms = own_days.applied_to(terms)
        start = due_dates.at_local_time(one.started_at)
        for line, values in lines_of(one.run_id, terms):
            due = line.due_at(start)
            # before the conversion: the start is in the provider's time zone
            days.add((run.course_id, due.date()))
            due = due.astimezone(UTC)
            rows.append((pk, *values, due, due))
    bulk_upsert.upsert(
        PlannedModule,
        ("enrollment_id", *MODULE_COLUMNS, "planned_due_at", "due_at"),
        rows,
        conflict="enrollment_id, module_id",
    )
    if changes:
        plans = PLANS.given(enrollments=[one.pk for one in enrollments])
        changes.changed(plans, planned_due_at=days, due_at=days)


LOCK = CompiledQuery(
    Enrollment.objects.filter(pk__in=given_ids("enrollments"))
    .order_by("pk")
    .select_for_update(no_key=True)
    .values_list("pk")
)


def lock(enrollment_ids: Iterable[int | None]) -> None:
    """Keep others from writing facts of these enrollments until the transaction ends.

    Does nothing on SQLite, which has a single writer.
    """
    if connection.features.has_select_for_update:
        LOCK.run(enrollments={pk for pk in enrollment_ids if pk is not None})


def withdraw(at: Moments, *, by_event: bool = False, changes: Changes | None = None) -> None:
    """Record withdrawals; until the learner signs up again, the earliest one counts."""
    _record_and_update(enrollment_timeline.WITHDRAWN, at, by_event=by_event, changes=changes)


def complete(
    at: Moments,
    *,
    by_sender: bool = False,
    by_event: bool = False,
    changes: Changes | None = None,
) -> None:
    """Record completions; of two, the earlier one counts."""
    _record_and_update(
        enrollment_timeline.COMPLETED if by_sender else enrollment_timeline.FINISHED,
        at,
        by_event=by_event,
        changes=changes,
    )


def pause(starts: Moments, *, by_event: bool = False, changes: Changes | None = None) -> None:
    """Record when pauses began; due dates after that are open until the pause ends."""
    _record_and_update(enrollment_timeline.PAUSED, starts, by_event=by_event, changes=changes)


def resume(ends: Moments, *, by_event: bool = False, changes: Changes | None = None) -> None:
    """Record when pauses ended, which may be known before their beginning is."""
    _record_and_update(enrollment_timeline.RESUMED, ends, by_event=by_event, changes=changes)


def put_on_certificate_track(
    since: Moments, *, by_event: bool = False, changes: Changes | None = None
) -> None:
    """Record that certificates were earned, which puts their enrollments on that track."""
    _record_and_update(enrollment_timeline.CERTIFIED, since, by_event=by_event, changes=changes)


PAUSES = CompiledQuery(
    EnrollmentStatusChange.objects.filter(
        enrollment__in=given_ids("enrollments"), kind=enrollment_timeline.PAUSED
    )
    .order_by()
    .values_list("pk", "enrollment_id", "at", "next_activity_at")
)


def record_activity(activity: Moments, *, changes: Changes | None = None) -> None:
    """Store the first activity after each pause began: it ends a pause without a reported end."""
    moments: dict[int, list[datetime]] = defaultdict(list)
    for enrollment, at in activity:
        moments[enrollment].append(at)
    updated: list[tuple[int, datetime]] = []
    enrollments: set[int] = set()
    for pk, enrollment, begun, known in PAUSES.run(enrollments=moments) if moments else ():
        first = min((at for at in moments[enrollment] if at > begun), default=None)
        if first and (known is None or first < known):
            updated.append((pk, first))
            enrollments.add(enrollment)
    if updated:
        bulk_upsert.update(EnrollmentStatusChange, ("next_activity_at",), updated)
        update_enrollments(enrollments, changes=changes)


def _record_and_update(kind: str, at: Moments, *, by_event: bool, changes: Changes | None) -> None:
    rows = [(pk, kind, moment, "", None) for pk, moment in sorted(set(at))]
    _record(rows, by_event=by_event)
    update_enrollments((row[0] for row in rows), changes=changes)


def _record(rows: Sequence[tuple[Any, ...]], *, by_event: bool) -> None:
    """Store status changes: enrollment, kind, moment, track and next activity."""
    bulk_upsert.upsert(
        EnrollmentStatusChange,
        ("enrollment_id", "kind", "at", "track", "next_activity_at", "by_event"),
        [(*row, by_event) for row in sorted(rows, key=itemgetter(0, 1, 2))],
        conflict="enrollment_id, kind, at",
        # what staff or a file recorded stays when the event is retracted
        merge={"track": "larger", "by_event": "smaller"},
    )


def remove_event_changes(enrollment_ids: Iterable[int]) -> None:
    """Delete the status changes that came by events, before those events are replayed."""
    rows = EnrollmentStatusChange.objects.filter(enrollment__in=list(enrollment_ids))
    rows.filter(by_event=True).delete()
    rows.update(next_activity_at=None)
