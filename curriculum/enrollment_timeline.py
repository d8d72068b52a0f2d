"""Derive an enrollment's status, pauses and track from its recorded status changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from curriculum.refund_cutoff import is_before_cutoff

STARTED, WITHDRAWN, PAUSED, RESUMED = "started", "withdrawn", "paused", "resumed"
# a start that nobody reported, presumed from a first activity
PRESUMED = "presumed"
# reported by the sender; found because all required modules are done
COMPLETED, FINISHED = "completed", "finished"
CERTIFIED = "certified"
CERTIFICATE, AUDIT = "certificate", "audit"

Pause = tuple[datetime, datetime | None]


@dataclass(frozen=True)
class StatusChange:
    """One recorded change; `track` belongs to a start, `next_activity_at` to a pause."""

    kind: str
    at: datetime
    track: str = ""
    next_activity_at: datetime | None = None


@dataclass
class Timeline:
    """An enrollment's dates and its pauses."""

    entered_at: datetime
    completed_at: datetime | None
    withdrawn_at: datetime | None = None
    pauses: list[Pause] = field(default_factory=list)
    open_pause: StatusChange | None = None

    @property
    def is_enrolled(self) -> bool:
        return self.withdrawn_at is None

    def withdraw(self, at: datetime) -> None:
        self.end_pause_by_activity(at)
        self.withdrawn_at = at

    def pause(self, pause: StatusChange) -> None:
        """Begin a pause; a repeated one continues it, unless the learner was active in between."""
        if self.completed_at and self.completed_at <= pause.at:
            return
        active_at = self.open_pause.next_activity_at if self.open_pause else None
        if active_at and active_at < pause.at:
            self.end_pause_by_activity(pause.at)
        self.open_pause = self.open_pause or pause

    def resume(self, at: datetime) -> None:
        """End the pause at the moment that the sender reports."""
        self._end_pause([at, self.completed_at])

    def end_pause_by_activity(self, latest: datetime | None) -> None:
        """End the pause with the first activity, or at `latest` if that comes first."""
        active_at = self.open_pause.next_activity_at if self.open_pause else None
        self._end_pause([latest, self.completed_at, active_at])

    def _end_pause(self, ends: Sequence[datetime | None]) -> None:
        end = min((one for one in ends if one), default=None)
        if self.open_pause and end:
            self.pauses += [(self.open_pause.at, end)] if end > self.open_pause.at else []
            self.open_pause = None


def derive_timeline(
    changes: Sequence[StatusChange], cutoff_of: Callable[[datetime], datetime]
) -> Timeline | None:
    """Derive the timeline from status changes in any order; None without a start.

    `cutoff_of` returns the refund cut-off of a sign-up. A learner who withdraws before it and
    signs up again starts over; one who returns later never left. A pause ends when the sender
    reports it, else with the first activity, and at the latest by withdrawal or completion.
    Changes of one moment are put in an order that the status allows: an enrolled learner
    withdraws before signing up again, one who is not enrolled signs up first. A presumed start
    counts only before all others: later, it would be a return that nobody reported.
    """
    changes = _with_presumed_start(changes)
    timeline: Timeline | None = None
    completed = completed_at(changes)
    for at, simultaneous in groupby(sorted(changes, key=attrgetter("at")), key=attrgetter("at")):
        by_kind = {one.kind: one for one in simultaneous}
        is_enrolled = timeline is not None and timeline.is_enrolled
        for kind in (WITHDRAWN, STARTED) if is_enrolled else (STARTED, WITHDRAWN):
            if kind in by_kind and kind == STARTED:
                timeline = _enter(timeline, at, completed, cutoff_of)
            elif kind in by_kind and timeline and timeline.is_enrolled:
                timeline.withdraw(at)
        if timeline and timeline.is_enrolled:
            _pause_or_resume(timeline, by_kind)
    if timeline:
        timeline.end_pause_by_activity(None)
        timeline.pauses += [(timeline.open_pause.at, None)] if timeline.open_pause else []
    return timeline


def _with_presumed_start(changes: Sequence[StatusChange]) -> list[StatusChange]:
    """Make the first of all starts a start, and leave out other presumed ones."""
    starts = [one for one in changes if one.kind in (STARTED, PRESUMED)]
    first = min(starts, key=lambda one: (one.at, one.kind != STARTED), default=None)
    found = [one for one in changes if one.kind != PRESUMED]
    return [*found, replace(first, kind=STARTED)] if first and first.kind == PRESUMED else found


def _enter(
    timeline: Timeline | None,
    at: datetime,
    completed: datetime | None,
    cutoff_of: Callable[[datetime], datetime],
) -> Timeline:
    if timeline is None or is_before_cutoff(timeline.withdrawn_at, cutoff_of(timeline.entered_at)):
        return Timeline(at, completed)
    timeline.withdrawn_at = None
    return timeline


def _pause_or_resume(timeline: Timeline, by_kind: Mapping[str, StatusChange]) -> None:
    """Resume before pausing again; a pause that ends the moment it begins is none."""
    if RESUMED in by_kind and timeline.open_pause:
        timeline.resume(by_kind[RESUMED].at)
    elif RESUMED in by_kind:
        return
    if PAUSED in by_kind:
        timeline.pause(by_kind[PAUSED])


def completed_at(changes: Iterable[StatusChange]) -> datetime | None:
    """Return the first completion, reported or found; None without one."""
    return min((one.at for one in changes if one.kind in (COMPLETED, FINISHED)), default=None)


def certificate_track_since(
    changes: Sequence[StatusChange], due_at: datetime | None
) -> datetime | None:
    """Return since when the learner works toward a certificate; None where they do not.

    The last track reported before the due date counts. After it, only a switch to the
    certificate track counts, from then on. Earning a certificate proves the track.
    """
    tracks = sorted((one.at, one.track) for one in changes if one.kind == STARTED and one.track)
    in_time = [one for one in tracks if due_at is None or one[0] <= due_at]
    late = [one for one in tracks[len(in_time) :] if one[1] == CERTIFICATE]
    decisive = [one for one in in_time[-1:] if one[1] == CERTIFICATE] or late[:1]
    earned = [one.at for one in changes if one.kind == CERTIFIED]
    return min([at for at, _ in decisive] + earned, default=None)
