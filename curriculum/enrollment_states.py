"""Update enrollments, their pauses and their plans from the recorded status changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import cached_property
from typing import Any

from core.changes import Changes
from core.database import bulk_upsert
from curriculum import due_dates, enrollment_timeline
from curriculum.enrollment_timeline import StatusChange, Timeline
from curriculum.models import (
    CourseRun,
    Enrollment,
    EnrollmentStatusChange,
    Module,
    Pause,
    PlannedModule,
    RunModule,
)
from curriculum.pause_shift import shift_for_pauses
from curriculum.refund_cutoff import is_before_cutoff
from curriculum.run_plans import ArmDays, SignUpTime, Terms, TermsAt, load_arm_days, load_terms
from curriculum.signals import enrollment_dates_changed, plan_dates_changed

DATES = (
    *("enrolled_at", "started_at", "cutoff_at", "planned_due_at", "due_at"),
    *("withdrawn_at", "completed_at", "completed_by_sender", "certificate_track_at"),
)


def update_enrollments(enrollment_ids: Iterable[int], *, changes: Changes | None = None) -> None:
    """Bring enrollments in line with their status changes; those without a start stay as is."""
    ids = set(enrollment_ids)
    if not ids:
        return
    recorded: dict[int, list[StatusChange]] = defaultdict(list)
    rows = EnrollmentStatusChange.objects.filter(enrollment__in=ids).order_by()
    for pk, kind, at, track, next_activity_at in rows.values_list(
        "enrollment_id", "kind", "at", "track", "next_activity_at"
    ):
        recorded[pk].append(StatusChange(kind, at, track, next_activity_at))
    pauses: dict[int, list[enrollment_timeline.Pause]] = defaultdict(list)
    stored = Pause.objects.filter(enrollment__in=ids).order_by("started_at")
    for pk, begun, ended in stored.values_list("enrollment_id", "started_at", "ended_at"):
        pauses[pk].append((begun, ended))
    found = list(Enrollment.objects.filter(pk__in=recorded).select_related("run"))
    terms = TermsOfRuns([row.run for row in found])
    updates = [EnrollmentUpdate(row, pauses[row.pk], recorded[row.pk], terms) for row in found]
    terms.find_later_days([one for one in updates if one.has_other_sign_up])
    _save([one for one in updates if one.is_needed], changes)


@dataclass(frozen=True)
class LaterDays:
    """By how many days a module is due later, by planned days and by extension."""

    planned: int = 0
    extension: int = 0


class TermsOfRuns:
    """The terms of runs, loaded at the first look-up: most updates leave the sign-up as it is."""

    def __init__(self, runs: Sequence[CourseRun]) -> None:
        self._runs = runs

    @cached_property
    def _at(self) -> TermsAt:
        return load_terms(self._runs, self._module_ids)

    @cached_property
    def _module_ids(self) -> dict[int, list[int]]:
        return {run.pk: [one.pk for one in self._modules[run.course_id]] for run in self._runs}

    @cached_property
    def _modules(self) -> dict[int, list[Module]]:
        found = defaultdict(list)
        courses = {run.course_id for run in self._runs}
        for module in Module.objects.filter(course__in=courses).order_by("position"):
            found[module.course_id].append(module)
        return found

    def at(self, run: CourseRun, enrolled_at: datetime) -> Terms:
        return self._at(run, enrolled_at)

    def find_later_days(self, updates: Sequence[EnrollmentUpdate]) -> None:
        """Set by how many days the terms of another sign-up move each module."""
        sign_ups = [sign_up for one in updates for sign_up in one.sign_ups]
        arm_days = load_arm_days(sign_ups, self._module_ids) if updates else {}
        for one in updates:
            old, new = (
                arm_days.get(sign_up, ArmDays()).applied_to(self.at(one.run, sign_up.enrolled_at))
                for sign_up in one.sign_ups
            )
            one.later_days = self._later_days(one.run, old, new)

    def _later_days(self, run: CourseRun, old: Terms, new: Terms) -> Mapping[int, LaterDays]:
        """Return by how many days new terms move each module, by its id."""
        found, planned = {}, 0
        for module in self._modules[run.course_id]:
            pk, days = module.pk, module.planned_days
            planned += new.planned_days.get(pk, days) - old.planned_days.get(pk, days)
            found[pk] = LaterDays(planned, new.extensions.get(pk, 0) - old.extensions.get(pk, 0))
        return found


class EnrollmentUpdate:
    """An enrollment's dates and pauses before and after an update."""

    def __init__(
        self,
        row: Enrollment,
        pauses: list[enrollment_timeline.Pause],
        changes: Sequence[StatusChange],
        terms: TermsOfRuns,
    ) -> None:
        self.pk, self.run, self.started_at = row.pk, row.run, row.started_at
        self.before: dict[str, Any] = {name: getattr(row, name) for name in DATES}
        self.after = dict(self.before)
        self.pauses_before = self.pauses = pauses
        self._row, self._terms = row, terms
        self.later_days: Mapping[int, LaterDays] = {}
        if timeline := enrollment_timeline.derive_timeline(changes, self._cutoff_of):
            self._apply(timeline, changes)

    def _cutoff_of(self, enrolled_at: datetime) -> datetime:
        """Return the stored cut-off, or for another sign-up that of its own moment."""
        if enrolled_at == self._row.enrolled_at:
            return self._row.cutoff_at
        start = due_dates.start_of(self.run, enrolled_at)
        return start + self._terms.at(self.run, enrolled_at).cutoff

    def _planned_due_at(self, entered_at: datetime, start: datetime) -> datetime:
        """Move the due date to another sign-up, with the completion window of its moment.

        The nominal length stays that of the stored plan.
        """
        row = self._row
        if entered_at == row.enrolled_at:
            return row.planned_due_at
        old, new = (
            self._terms.at(self.run, at).window_factor for at in (row.enrolled_at, entered_at)
        )
        return due_dates.move_to_start(
            row.planned_due_at, self.started_at, start, stretch=Fraction(new) / Fraction(old)
        )

    def _apply(self, timeline: Timeline, changes: Sequence[StatusChange]) -> None:
        row, start = self._row, self.started_at
        if timeline.entered_at != row.enrolled_at:
            start = due_dates.start_of(self.run, timeline.entered_at)
        planned = self._planned_due_at(timeline.entered_at, start)
        due = shift_for_pauses(planned, timeline.pauses)
        self.pauses = timeline.pauses
        self.after = {
            "enrolled_at": timeline.entered_at,
            "started_at": start,
            "cutoff_at": self._cutoff_of(timeline.entered_at),
            "planned_due_at": planned,
            "due_at": due,
            "withdrawn_at": timeline.withdrawn_at,
            "completed_at": timeline.completed_at,
            "completed_by_sender": any(
                one.kind == enrollment_timeline.COMPLETED for one in changes
            ),
            "certificate_track_at": enrollment_timeline.certificate_track_since(changes, due),
        }

    @property
    def has_other_sign_up(self) -> bool:
        return bool(self.before["enrolled_at"] != self.after["enrolled_at"])

    @property
    def sign_ups(self) -> tuple[SignUpTime, SignUpTime]:
        """Return the old and the new sign-up."""
        old, new = (
            SignUpTime(self._row.learner_id, self.run, dates["enrolled_at"])
            for dates in (self.before, self.after)
        )
        return old, new

    @property
    def is_needed(self) -> bool:
        return self.before != self.after or self.pauses_before != self.pauses

    @property
    def moves_plan(self) -> bool:
        """True when due dates move, or when the enrollment begins or ceases to be canceled."""
        names = ("started_at", "planned_due_at", "due_at")
        was_cancelled, is_cancelled = (
            is_before_cutoff(dates["withdrawn_at"], dates["cutoff_at"])
            for dates in (self.before, self.after)
        )
        return (
            self.pauses_before != self.pauses
            or was_cancelled != is_cancelled
            or any(one != LaterDays() for one in self.later_days.values())
            or any(self.before[name] != self.after[name] for name in names)
        )


def _save(updates: Sequence[EnrollmentUpdate], changes: Changes | None) -> None:
    if not updates:
        return
    ids, moving = [one.pk for one in updates], [one for one in updates if one.moves_plan]
    moved_ids = [one.pk for one in moving]
    _send_signals(ids, moved_ids, changes)
    rows = [(one.pk, *(one.after[name] for name in DATES)) for one in updates]
    bulk_upsert.update(Enrollment, DATES, rows)
    Pause.objects.filter(enrollment__in=moved_ids).delete()
    Pause.objects.bulk_create(
        [
            Pause(enrollment_id=one.pk, started_at=begun, ended_at=ended)
            for one in moving
            for begun, ended in one.pauses
        ]
    )
    _move_plans(moving)
    _send_signals(ids, moved_ids, changes)


def _send_signals(ids: Sequence[int], moved_ids: Sequence[int], changes: Changes | None) -> None:
    enrollment_dates_changed.send(Enrollment, ids=ids, changes=changes)
    if moved_ids:
        plan_dates_changed.send(Enrollment, ids=moved_ids, changes=changes)


def _move_plans(moving: Sequence[EnrollmentUpdate]) -> None:
    """Move the due dates of planned modules; dates of a run's own timetable are only extended."""
    by_pk = {one.pk: one for one in moving}
    fixed = set(
        RunModule.objects.filter(run__in={one.run.pk for one in moving})
        .order_by()
        .values_list("run_id", "module_id")
    )
    rows = []
    lines = PlannedModule.objects.filter(enrollment__in=by_pk).order_by()
    for pk, enrollment, module, planned in lines.values_list(
        "pk", "enrollment_id", "module_id", "planned_due_at"
    ):
        one = by_pk[enrollment]
        later = one.later_days.get(module, LaterDays())
        moved = due_dates.move_to_start(planned, one.started_at, one.after["started_at"])
        due = (
            due_dates.later_by(planned, later.extension)
            if (one.run.pk, module) in fixed
            else due_dates.later_by(moved, later.planned + later.extension)
        )
        rows.append((pk, due, shift_for_pauses(due, one.pauses)))
    if rows:
        bulk_upsert.update(PlannedModule, ("planned_due_at", "due_at"), rows)
