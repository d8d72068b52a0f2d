"""From what was said of one enrollment to where it stands. No Django here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import attrgetter

STARTED, WITHDRAWN, PAUSED, RESUMED = "started", "withdrawn", "paused", "resumed"
# said by the sender, and found from the modules
COMPLETED, FINISHED = "completed", "finished"
CERTIFIED = "certified"
CERTIFICATE, AUDIT = "certificate", "audit"

Pause = tuple[datetime, datetime | None]


@dataclass(frozen=True)
class Moment:
    """One thing said; `track` of a start, `learned_at` the first activity after a pause began."""

    what: str
    at: datetime
    track: str = ""
    learned_at: datetime | None = None


@dataclass
class Timeline:
    """Since when the enrollment counts, until when, and the pauses in between."""

    entered_at: datetime
    completed_at: datetime | None
    left_at: datetime | None = None
    pauses: list[Pause] = field(default_factory=list)
    resting: Moment | None = None

    @property
    def is_in(self) -> bool:
        return self.left_at is None

    def leave(self, at: datetime) -> None:
        self.go_on(at)
        self.left_at = at

    def rest(self, pause: Moment) -> None:
        """Begin a pause; said again, it goes on unless the learner has learned since."""
        if self.completed_at and self.completed_at <= pause.at:
            return
        if self.resting and self.resting.learned_at and self.resting.learned_at < pause.at:
            self.go_on(pause.at)
        self.resting = self.resting or pause

    def resume(self, at: datetime) -> None:
        """End the pause where the sender says so."""
        self._end_pause([at, self.completed_at])

    def go_on(self, at: datetime | None) -> None:
        """End the pause with the first activity, at the latest at `at`, if there is either."""
        learned_at = self.resting.learned_at if self.resting else None
        self._end_pause([at, self.completed_at, learned_at])

    def _end_pause(self, ends: Sequence[datetime | None]) -> None:
        end = min((one for one in ends if one), default=None)
        if self.resting and end:
            self.pauses += [(self.resting.at, end)] if end > self.resting.at else []
            self.resting = None


def derive_timeline(
    moments: Sequence[Moment], cutoff_of: Callable[[datetime], datetime]
) -> Timeline | None:
    """The story of an enrollment from its moments in any order; None before it starts.

    `cutoff_of` gives the refund cut-off of a sign-up. Who leaves before it and comes back counts
    from the return; who comes back later was never gone. A pause ends where the sender says so,
    else with the first activity, and at the latest by leaving or completing. What is said of one
    moment is put in the order that the state allows: who is in leaves before coming back, who is
    not comes first.
    """
    story: Timeline | None = None
    completed = completed_at(moments)
    ordered = sorted(moments, key=attrgetter("at"))
    for at, some in groupby(ordered, key=attrgetter("at")):
        now = {one.what: one for one in some}
        is_in = story is not None and story.is_in
        for what in (WITHDRAWN, STARTED) if is_in else (STARTED, WITHDRAWN):
            if what in now and what == STARTED:
                story = _enter(story, at, completed, cutoff_of)
            elif what in now and story and story.is_in:
                story.leave(at)
        if story and story.is_in:
            _pause(story, now)
    if story:
        story.go_on(None)
        story.pauses += [(story.resting.at, None)] if story.resting else []
    return story


def _enter(
    story: Timeline | None,
    at: datetime,
    completed: datetime | None,
    cutoff_of: Callable[[datetime], datetime],
) -> Timeline:
    is_cancelled = story and story.left_at and story.left_at < cutoff_of(story.entered_at)
    if story is None or is_cancelled:
        return Timeline(at, completed)
    story.left_at = None
    return story


def _pause(story: Timeline, now: Mapping[str, Moment]) -> None:
    """Who is paused resumes before pausing again; else a pause that ends at once is none."""
    if RESUMED in now and story.resting:
        story.resume(now[RESUMED].at)
    elif RESUMED in now:
        return
    if PAUSED in now:
        story.rest(now[PAUSED])


def completed_at(moments: Iterable[Moment]) -> datetime | None:
    """The first completion, said or found; None while there is none."""
    return min((one.at for one in moments if one.what in (COMPLETED, FINISHED)), default=None)


def on_track_since(moments: Sequence[Moment], due_at: datetime | None) -> datetime | None:
    """Since when it is to end with a certificate; None where it is not.

    The last track said before it falls due decides; later only going over to the certificate
    counts, from then on. Who has earned a certificate was on the track.
    """
    said = sorted((one.at, one.track) for one in moments if one.what == STARTED and one.track)
    in_time = [one for one in said if due_at is None or one[0] <= due_at]
    late = [one for one in said[len(in_time) :] if one[1] == CERTIFICATE]
    standing = [one for one in in_time[-1:] if one[1] == CERTIFICATE] or late[:1]
    earned = [one.at for one in moments if one.what == CERTIFIED]
    return min([at for at, _ in standing] + earned, default=None)
