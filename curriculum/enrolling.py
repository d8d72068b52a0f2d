"""Enroll, pause, resume, withdraw, complete: whole batches, safe to repeat, in any order.

What is said is kept as moments; where an enrollment stands follows from all of its moments.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from operator import attrgetter, itemgetter
from typing import Any

from django.db import connection
from django.db.models import Prefetch
from django.utils import timezone

from core import bulk_upsert
from curriculum import due_dates, enrollment_timeline
from curriculum.enrollment_states import update_enrollments
from curriculum.models import (
    CourseRun,
    Enrollment,
    EnrollmentMoment,
    Module,
    PlannedModule,
    RunModule,
)
from curriculum.parameter_definitions import REFUND_CUTOFF, WINDOW_FACTOR
from curriculum.parameters import ParameterHistory
from curriculum.signals import enrollments_dated, enrollments_entered

DIALS = (WINDOW_FACTOR, REFUND_CUTOFF)

# a learner and a run
Pair = tuple[int, int]
# enrollments (by id) and when something happened to them
Moments = Iterable[tuple[int, datetime]]


@dataclass(frozen=True, kw_only=True)
class SignUp:
    """One learner signs up for one run."""

    learner_id: int
    run_id: int
    enrolled_at: datetime
    # None: not said
    is_certificate_track: bool | None = None

    @property
    def track(self) -> str:
        if self.is_certificate_track is None:
            return ""
        return (
            enrollment_timeline.CERTIFICATE
            if self.is_certificate_track
            else enrollment_timeline.AUDIT
        )


@dataclass(frozen=True)
class RunPlan:
    """What every new enrolment of a run starts with."""

    run: CourseRun
    modules: Sequence[Module]
    cutoff: timedelta
    length: timedelta

    @classmethod
    def of(
        cls,
        run: CourseRun,
        modules: Sequence[Module] | None = None,
        *,
        dials: ParameterHistory | None = None,
    ) -> RunPlan:
        """Take today's dials, and the course's modules unless this run has others."""
        now, dials = timezone.now(), dials or ParameterHistory(DIALS)
        factor = dials.value(WINDOW_FACTOR, now, course_id=run.course_id)
        cutoff = dials.value(REFUND_CUTOFF, now, course_id=run.course_id)
        return cls(
            run=run,
            modules=list(run.course.modules.all()) if modules is None else modules,
            cutoff=timedelta(days=int(cutoff)),
            length=timedelta(days=float(factor * Decimal(run.nominal_days))),
        )

    def start(self, enrolled_at: datetime) -> datetime:
        return due_dates.start_of(self.run, enrolled_at)


def enroll(
    sign_ups: Iterable[SignUp],
    *,
    run_plans: Mapping[int, RunPlan] | None = None,
    by_event: bool = False,
) -> list[Enrollment]:
    """Enroll a batch and give each new enrollment its plan; of two sign-ups the earlier counts.

    Returns the enrollments that are new. The plan is a snapshot: it is taken once, from
    `run_plans` by run id where the caller has them, else from the course as it is.
    """
    said: dict[Pair, list[SignUp]] = defaultdict(list)
    for one in sorted(sign_ups, key=attrgetter("enrolled_at")):
        said[one.learner_id, one.run_id].append(one)
    if run_plans is None:
        run_plans = _run_plans({run_id for _, run_id in said})
    new = bulk_upsert.upsert(
        Enrollment,
        COLUMNS,
        [_row(said[pair][0], run_plans[pair[1]]) for pair in sorted(said)],
        conflict="learner_id, run_id",
        returning=("id",),
    )
    enrollments = list(Enrollment.objects.filter(pk__in=[pk for (pk,) in new]).order_by("pk"))
    _plan(enrollments, run_plans)
    ids = {(one.learner_id, one.run_id): one.pk for one in enrollments}
    again = _ids(said.keys() - ids.keys())
    _note_starts(said, ids | again, by_event=by_event)
    enrollments_dated.send(Enrollment, ids=[one.pk for one in enrollments])
    update_enrollments([*again.values(), *(pk for pair, pk in ids.items() if len(said[pair]) > 1)])
    enrollments_entered.send(Enrollment, ids=[*ids.values(), *again.values()])
    return enrollments


def _ids(pairs: Collection[Pair]) -> dict[Pair, int]:
    rows = Enrollment.objects.filter(
        learner__in={learner for learner, _ in pairs}, run__in={run for _, run in pairs}
    ).order_by()
    found = rows.values_list("learner_id", "run_id", "pk") if pairs else ()
    return {(learner, run): pk for learner, run, pk in found if (learner, run) in pairs}


def _note_starts(
    said: Mapping[Pair, Sequence[SignUp]], ids: Mapping[Pair, int], *, by_event: bool
) -> None:
    tracks: dict[tuple[int, datetime], str] = {}
    for pair, some in said.items():
        for one in some:
            key = (ids[pair], one.enrolled_at)
            # of two words at one moment the certificate is the larger one
            tracks[key] = max(one.track, tracks.get(key, ""))
    _note(
        [(pk, enrollment_timeline.STARTED, at, track, None) for (pk, at), track in tracks.items()],
        by_event=by_event,
    )


def _run_plans(run_ids: Collection[int]) -> dict[int, RunPlan]:
    runs = (
        CourseRun.objects.filter(pk__in=run_ids)
        .order_by()
        .prefetch_related("course__modules", Prefetch("timetable", RunModule.objects.order_by()))
    )
    dials = ParameterHistory(DIALS)
    return {run.pk: RunPlan.of(run, dials=dials) for run in runs}


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
    start = plan.start(one.enrolled_at)
    due = start + plan.length
    ids = (one.learner_id, one.run_id)
    dates = (one.enrolled_at, start, start + plan.cutoff, due, due)
    return (*ids, *dates, False, one.enrolled_at if one.is_certificate_track else None)


def _plan(enrollments: Sequence[Enrollment], run_plans: Mapping[int, RunPlan]) -> None:
    timetables = {pk: due_dates.timetable_of(plan.run) for pk, plan in run_plans.items()}
    rows = [
        (
            enrollment.pk,
            line.module.pk,
            line.module.position,
            line.module.is_required,
            line.module.effort_minutes,
            line.due_at,
            line.due_at,
        )
        for enrollment in enrollments
        for line in due_dates.plan_lines(
            run_plans[enrollment.run_id].modules,
            timetables[enrollment.run_id],
            started_at=enrollment.started_at,
        )
    ]
    columns = ("enrollment_id", "module_id", "position", "is_required", "effort_minutes")
    bulk_upsert.upsert(
        PlannedModule,
        (*columns, "planned_due_at", "due_at"),
        rows,
        conflict="enrollment_id, module_id",
    )


def lock(enrollment_ids: Iterable[int | None]) -> None:
    """Let nobody else write facts of these enrollments until the transaction ends.

    SQLite has one writer at a time anyway.
    """
    if connection.features.has_select_for_update:
        rows = Enrollment.objects.filter(pk__in={pk for pk in enrollment_ids if pk is not None})
        list(rows.order_by("pk").select_for_update(no_key=True).values_list("pk"))


def withdraw(at: Moments, *, by_event: bool = False) -> None:
    """Note when enrollments (by id) were left; until a return the earliest date stands."""
    _say(enrollment_timeline.WITHDRAWN, at, by_event=by_event)


def complete(at: Moments, *, by_sender: bool = False, by_event: bool = False) -> None:
    """Note when enrollments (by id) were completed; of two dates the earlier stands."""
    _say(
        enrollment_timeline.COMPLETED if by_sender else enrollment_timeline.FINISHED,
        at,
        by_event=by_event,
    )


def pause(starts: Moments, *, by_event: bool = False) -> None:
    """Note when pauses began (enrollment id, when); the dates after them wait until they end."""
    _say(enrollment_timeline.PAUSED, starts, by_event=by_event)


def resume(ends: Moments, *, by_event: bool = False) -> None:
    """Note when pauses ended (enrollment id, when), which may be known before they begin."""
    _say(enrollment_timeline.RESUMED, ends, by_event=by_event)


def put_on_certificate_track(since: Moments, *, by_event: bool = False) -> None:
    """Note that certificates were earned (enrollment id, when)."""
    _say(enrollment_timeline.CERTIFIED, since, by_event=by_event)


def record_moments(activity: Moments) -> None:
    """Note activity (enrollment id, when): it ends a pause whose end nobody says."""
    moments = defaultdict(list)
    for pk, at in activity:
        moments[pk].append(at)
    told = []
    for one in EnrollmentMoment.objects.filter(
        enrollment__in=moments, what=enrollment_timeline.PAUSED
    ):
        after = [at for at in moments[one.enrollment_id] if at > one.at]
        if after and (one.learned_at is None or min(after) < one.learned_at):
            one.learned_at = min(after)
            told.append(one)
    EnrollmentMoment.objects.bulk_update(told, ["learned_at"], batch_size=500)
    update_enrollments(one.enrollment_id for one in told)


def _say(what: str, at: Moments, *, by_event: bool) -> None:
    rows = [(pk, what, moment, "", None) for pk, moment in sorted(set(at))]
    _note(rows, by_event=by_event)
    update_enrollments(row[0] for row in rows)


def _note(rows: Sequence[tuple[Any, ...]], *, by_event: bool) -> None:
    """Keep moments: enrollment, what, when, track and first activity."""
    bulk_upsert.upsert(
        EnrollmentMoment,
        ("enrollment_id", "what", "at", "track", "learned_at", "by_event"),
        [(*row, by_event) for row in sorted(rows, key=itemgetter(0, 1, 2))],
        conflict="enrollment_id, what, at",
        # what staff or a file says stays when the event is taken back
        merge={"track": "larger", "by_event": "smaller"},
    )


def remove_moments(enrollment_ids: Iterable[int]) -> None:
    """Take back what events said of these enrollments; the events are to say it again."""
    rows = EnrollmentMoment.objects.filter(enrollment__in=list(enrollment_ids))
    rows.filter(by_event=True).delete()
    rows.update(learned_at=None)
