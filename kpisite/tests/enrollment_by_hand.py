"""Compute an enrollment in plain Python from raw events: pauses, due dates, completion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from kpisite.tests.worlds import BERLIN, MODULES

CUTOFF = timedelta(days=7)


@dataclass
class Enrolled:
    learner: str
    course: str
    run: str
    start: datetime
    on_track: datetime | None
    is_referred: bool
    withdrawn: datetime | None = None
    completions: list[datetime] = field(default_factory=list)
    modules: dict[str, datetime] = field(default_factory=dict)
    certificates: list[tuple[datetime, bool]] = field(default_factory=list)
    rests: list[tuple[datetime, bool]] = field(default_factory=list)
    learned: list[datetime] = field(default_factory=list)

    @property
    def is_cancelled(self) -> bool:
        return self.withdrawn is not None and self.withdrawn < self.start + CUTOFF

    @property
    def completed(self) -> datetime | None:
        said = list(self.completions)
        if len(self.modules) == len(MODULES):
            said.append(max(self.modules.values()))
        return min(said, default=None)

    def due(self, days: float) -> datetime | None:
        """Return the moment some days after the start by the wall clock, moved by pauses."""
        at = (self.start.astimezone(BERLIN) + timedelta(days=days)).astimezone(UTC)
        for begun, ended in self.pauses():
            if begun < at and ended is None:
                return None
            at += ended - begun if ended and begun < at else timedelta(0)
        return at

    def pauses(self) -> Iterator[tuple[datetime, datetime | None]]:
        """End pauses at the resumption, the first activity, the withdrawal or the completion."""
        over = min((one for one in (self.withdrawn, self.completed) if one), default=None)
        rests = [one for one in sorted(self.rests) if over is None or one[0] < over]
        begun: datetime | None = None
        for moment, is_pause in rests:
            learned = self.learned_after(begun) if begun else None
            if begun and not is_pause:
                yield begun, moment
                begun = None
            elif begun and learned and learned < moment:
                yield begun, learned
                begun = moment
            elif is_pause and begun is None:
                begun = moment
        if begun:
            ends = [one for one in (over, self.learned_after(begun)) if one]
            yield begun, min(ends, default=None)

    def learned_after(self, begun: datetime) -> datetime | None:
        return min((one for one in self.learned if one > begun), default=None)

    def is_certified(self, at: datetime) -> bool:
        before = sorted(one for one in self.certificates if one[0] < at)
        return bool(before) and before[-1][1]
