"""Let enrollments stand where the moments say that were kept of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from core import bulk_upsert
from curriculum import due_dates, enrollment_timeline
from curriculum.enrollment_timeline import Moment
from curriculum.models import Enrollment, EnrollmentMoment, Pause, PlannedModule, RunModule
from curriculum.signals import enrollments_dated, plans_moved


def update_enrollments(enrollment_ids: Iterable[int]) -> None:
    """Let these enrollments stand where their moments say; those without a start stay."""
    ids = set(enrollment_ids)
    if not ids:
        return
    moments: dict[int, list[Moment]] = defaultdict(list)
    said = EnrollmentMoment.objects.filter(enrollment__in=ids).order_by()
    for pk, what, at, track, learned_at in said.values_list(
        "enrollment_id", "what", "at", "track", "learned_at"
    ):
        moments[pk].append(Moment(what, at, track, learned_at))
    pauses: dict[int, list[enrollment_timeline.Pause]] = defaultdict(list)
    there = Pause.objects.filter(enrollment__in=ids).order_by("started_at")
    for pk, begun, ended in there.values_list("enrollment_id", "started_at", "ended_at"):
        pauses[pk].append((begun, ended))
    changes = []
    for row in Enrollment.objects.filter(pk__in=moments).select_related("run"):
        change = Change(row, pauses[row.pk], moments[row.pk])
        if change.is_one:
            changes.append(change)
    _apply(changes)


DATES = (
    *("enrolled_at", "started_at", "cutoff_at", "planned_due_at", "due_at"),
    *("withdrawn_at", "completed_at", "completed_by_sender", "certificate_track_at"),
)


class Change:
    """An enrollment as it stands and as its moments say."""

    def __init__(
        self, row: Enrollment, pauses: list[enrollment_timeline.Pause], moments: Sequence[Moment]
    ) -> None:
        self.pk, self.run, self.started_at = row.pk, row.run, row.started_at
        self.before = {name: getattr(row, name) for name in DATES}
        self.after = dict(self.before)
        self.pauses_before = self.pauses = pauses
        self._row = row
        if story := enrollment_timeline.derive_timeline(moments, self._cutoff_of):
            self._follow(story, moments)

    def _cutoff_of(self, enrolled_at: datetime) -> datetime:
        return self._moved(self._row.cutoff_at, due_dates.start_of(self.run, enrolled_at))

    def _moved(self, moment: datetime, start: datetime) -> datetime:
        return due_dates.shift_for_pauses(moment, self.started_at, start)

    def _follow(self, story: enrollment_timeline.Timeline, moments: Sequence[Moment]) -> None:
        row, start = self._row, self.started_at
        if story.entered_at != row.enrolled_at:
            start = due_dates.start_of(self.run, story.entered_at)
        due = self._moved(row.planned_due_at, start)
        self.pauses = story.pauses
        self.after = {
            "enrolled_at": story.entered_at,
            "started_at": start,
            "cutoff_at": self._moved(row.cutoff_at, start),
            "planned_due_at": due,
            "due_at": due_dates.shifted(due, story.pauses),
            "withdrawn_at": story.left_at,
            "completed_at": story.completed_at,
            "completed_by_sender": any(
                one.what == enrollment_timeline.COMPLETED for one in moments
            ),
        }
        self.after["certificate_track_at"] = enrollment_timeline.on_track_since(
            moments, self.after["due_at"]
        )

    @property
    def is_one(self) -> bool:
        return self.before != self.after or self.pauses_before != self.pauses

    @property
    def moves(self) -> bool:
        """True when its plan falls due on other days, or all of it counts now or no longer."""
        names = ("started_at", "planned_due_at", "due_at")
        return (
            self.pauses_before != self.pauses
            or _is_cancelled(self.before) != _is_cancelled(self.after)
            or any(self.before[name] != self.after[name] for name in names)
        )


def _is_cancelled(dates: Mapping[str, Any]) -> bool:
    return dates["withdrawn_at"] is not None and dates["withdrawn_at"] < dates["cutoff_at"]


def _apply(changes: Sequence[Change]) -> None:
    if not changes:
        return
    ids, moving = [one.pk for one in changes], [one for one in changes if one.moves]
    moved_ids = [one.pk for one in moving]
    _announce(ids, moved_ids)
    rows = [(one.pk, *(one.after[name] for name in DATES)) for one in changes]
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
    _announce(ids, moved_ids)


def _announce(ids: Sequence[int], moved_ids: Sequence[int]) -> None:
    enrollments_dated.send(Enrollment, ids=ids)
    if moved_ids:
        plans_moved.send(Enrollment, ids=moved_ids)


def _move_plans(moving: Sequence[Change]) -> None:
    """Give the lines of plans their dates: a run's own timetable stays where it is."""
    by_pk = {one.pk: one for one in moving}
    own = set(
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
        is_own = (one.run.pk, module) in own
        due = (
            planned
            if is_own
            else due_dates.shift_for_pauses(planned, one.started_at, one.after["started_at"])
        )
        rows.append((pk, due, due_dates.shifted(due, one.pauses)))
    if rows:
        bulk_upsert.update(PlannedModule, ("planned_due_at", "due_at"), rows)
