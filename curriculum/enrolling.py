"""Enrol, pause, resume, withdraw, complete: whole batches, safe to repeat, in any order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection
from django.db.models import Prefetch
from django.utils import timezone

from curriculum import bulk, plans
from curriculum.dials import REFUND_CUTOFF, WINDOW_FACTOR
from curriculum.models import CourseRun, Enrollment, Module, Pause, PlannedModule, RunModule
from curriculum.parameters import Standings
from curriculum.signals import enrollments_dated

DIALS = (WINDOW_FACTOR, REFUND_CUTOFF)


@dataclass(frozen=True, kw_only=True)
class SignUp:
    """One learner signs up for one run."""

    learner_id: int
    run_id: int
    enrolled_at: datetime
    is_certificate_track: bool = False


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
        dials: Standings | None = None,
    ) -> RunPlan:
        """Take today's dials, and the course's modules unless this run has others."""
        now, dials = timezone.now(), dials or Standings(DIALS)
        factor = dials.value(WINDOW_FACTOR, now, course_id=run.course_id)
        cutoff = dials.value(REFUND_CUTOFF, now, course_id=run.course_id)
        return cls(
            run=run,
            modules=list(run.course.modules.all()) if modules is None else modules,
            cutoff=timedelta(days=int(cutoff)),
            length=timedelta(days=float(factor * Decimal(run.nominal_days))),
        )

    def start(self, enrolled_at: datetime) -> datetime:
        """The later of sign-up and run start, on the provider's clock."""
        if self.run.starts_on is None:
            return plans.on_the_clock(enrolled_at)
        begin = plans.end_of(self.run.starts_on - timedelta(days=1))
        return plans.on_the_clock(max(enrolled_at, begin))


def enroll(
    sign_ups: Iterable[SignUp], *, run_plans: Mapping[int, RunPlan] | None = None
) -> list[Enrollment]:
    """Enrol a batch and give each new enrolment its plan; who is enrolled already stays so.

    Returns the enrolments that are new. The plan is a snapshot: it is taken once, from
    `run_plans` by run id where the caller has them, else from the course as it is.
    """
    wanted = {(one.learner_id, one.run_id): one for one in sign_ups}
    if run_plans is None:
        run_plans = _run_plans({run_id for _, run_id in wanted})
    new = bulk.upsert(
        Enrollment,
        COLUMNS,
        [_row(wanted[pair], run_plans[pair[1]]) for pair in sorted(wanted)],
        conflict="learner_id, run_id",
        returning=("id",),
    )
    enrollments = list(Enrollment.objects.filter(pk__in=[pk for (pk,) in new]).order_by("pk"))
    _plan(enrollments, run_plans)
    enrollments_dated.send(Enrollment, ids=[one.pk for one in enrollments])
    return enrollments


def _run_plans(run_ids: Collection[int]) -> dict[int, RunPlan]:
    runs = (
        CourseRun.objects.filter(pk__in=run_ids)
        .order_by()
        .prefetch_related("course__modules", Prefetch("timetable", RunModule.objects.order_by()))
    )
    dials = Standings(DIALS)
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
    "is_certificate_track",
)


def _row(one: SignUp, plan: RunPlan) -> tuple[object, ...]:
    start = plan.start(one.enrolled_at)
    due = start + plan.length
    ids = (one.learner_id, one.run_id)
    dates = (one.enrolled_at, start, start + plan.cutoff, due, due)
    return (*ids, *dates, False, one.is_certificate_track)


def _plan(enrollments: Sequence[Enrollment], run_plans: Mapping[int, RunPlan]) -> None:
    timetables = {pk: plans.timetable_of(plan.run) for pk, plan in run_plans.items()}
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
        for line in plans.lines(
            run_plans[enrollment.run_id].modules,
            timetables[enrollment.run_id],
            started_at=enrollment.started_at,
        )
    ]
    columns = ("enrollment_id", "module_id", "position", "is_required", "effort_minutes")
    bulk.upsert(
        PlannedModule,
        (*columns, "planned_due_at", "due_at"),
        rows,
        conflict="enrollment_id, module_id",
    )


def lock(enrollment_ids: Iterable[int | None]) -> None:
    """Let nobody else write facts of these enrolments until the transaction ends.

    SQLite has one writer at a time anyway.
    """
    if connection.features.has_select_for_update:
        rows = Enrollment.objects.filter(pk__in={pk for pk in enrollment_ids if pk is not None})
        list(rows.order_by("pk").select_for_update(no_key=True).values_list("pk"))


def withdraw(at: Mapping[int, datetime]) -> None:
    """Note when enrolments (by id) were left; of two dates the earlier stands."""
    _set_earliest("withdrawn_at", at)
    enrollments_dated.send(Enrollment, ids=list(at))


def complete(at: Mapping[int, datetime], *, by_sender: bool = False) -> None:
    """Note when enrolments (by id) were completed; of two dates the earlier stands."""
    _set_earliest("completed_at", at)
    if by_sender:
        Enrollment.objects.filter(pk__in=at).update(completed_by_sender=True)
    enrollments_dated.send(Enrollment, ids=list(at))


def put_on_certificate_track(enrollment_ids: Iterable[int]) -> None:
    """Note that these enrolments are to end with a certificate."""
    ids = set(enrollment_ids)
    Enrollment.objects.filter(pk__in=ids, is_certificate_track=False).update(
        is_certificate_track=True
    )
    enrollments_dated.send(Enrollment, ids=ids)


def _set_earliest(field: str, at: Mapping[int, datetime]) -> None:
    bulk.keep_smaller(Enrollment, field, at)


def pause(starts: Iterable[tuple[int, datetime]]) -> None:
    """Open pauses (enrolment id, when); the dates after them are not due until they end."""
    rows = list(dict.fromkeys(starts))
    bulk.upsert(Pause, ("enrollment_id", "started_at"), rows, conflict="enrollment_id, started_at")
    ids = {pk for pk, _ in rows}
    # a pause that comes late may lie before a resumption that is known
    _close(dict.fromkeys(ids, ()))
    shift(ids)


def resume(ends: Iterable[tuple[int, datetime]]) -> None:
    """Close the pauses begun before each moment (enrolment id, when); the earliest end stands."""
    moments = defaultdict(list)
    for pk, at in ends:
        moments[pk].append(at)
    _close(moments)
    shift(moments)


def _close(moments: Mapping[int, Sequence[datetime]]) -> None:
    """End each pause of these enrolments at the first resumption after it, old or new."""
    pauses = defaultdict(list)
    for one in Pause.objects.filter(enrollment__in=moments):
        pauses[one.enrollment_id].append(one)
    for pk, some in pauses.items():
        known = sorted([*moments[pk], *(one.ended_at for one in some if one.ended_at)])
        for one in some:
            one.ended_at = next((at for at in known if at > one.started_at), None)
    everyone = [one for some in pauses.values() for one in some]
    Pause.objects.bulk_update(everyone, ["ended_at"], batch_size=500)


def forget(enrollment_ids: Iterable[int]) -> None:
    """Take back what events said of these enrollments; the events are to say it again."""
    ids = list(enrollment_ids)
    Pause.objects.filter(enrollment__in=ids).delete()
    Enrollment.objects.filter(pk__in=ids).update(
        withdrawn_at=None, completed_at=None, completed_by_sender=False
    )


def settle(enrollment_ids: Iterable[int]) -> None:
    """Let these enrollments stand where what is left says."""
    shift(enrollment_ids)


def shift(enrollment_ids: Iterable[int]) -> None:
    """Recompute the due dates of these enrolments and of their plans from their pauses."""
    ids = set(enrollment_ids)
    enrollments_dated.send(Enrollment, ids=ids)
    pauses: dict[int, list[tuple[datetime, datetime | None]]] = defaultdict(list)
    for one in Pause.objects.filter(enrollment__in=ids):
        pauses[one.enrollment_id].append((one.started_at, one.ended_at))
    enrollments = list(Enrollment.objects.filter(pk__in=ids))
    planned = list(PlannedModule.objects.filter(enrollment__in=ids))
    for enrollment in enrollments:
        enrollment.due_at = plans.shifted(enrollment.planned_due_at, pauses[enrollment.pk])
    for line in planned:
        line.due_at = plans.shifted(line.planned_due_at, pauses[line.enrollment_id])
    Enrollment.objects.bulk_update(enrollments, ["due_at"], batch_size=500)
    PlannedModule.objects.bulk_update(planned, ["due_at"], batch_size=500)
    enrollments_dated.send(Enrollment, ids=ids)
