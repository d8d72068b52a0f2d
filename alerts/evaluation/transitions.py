"""What a track means for the alert that is there. No Django here.

The judge and the preview of a rule both ask here: one with what the database remembers, the
other with what it would have remembered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from alerts.evaluation.state_machine import FIRING, Observation, Policy, Step, end_of

OPENED, WORSENED, RECOVERED = "opened", "worsened", "recovered"
CLOSED, REOPENED = "closed", "reopened"
# a gap that has grown by a quarter is news
GROWN = 1.25


@dataclass(frozen=True)
class AlertSnapshot:
    """The latest alert of a rule in a scope: its first and last period, and what was told.

    `is_expected` says that somebody closed it though it had not recovered.
    """

    first: date
    last: date
    is_open: bool = True
    is_expected: bool = False
    told_at: datetime | None = None
    told_gap: float = 0.0

    def is_outgrown_by(self, gap: float) -> bool:
        return gap >= GROWN * self.told_gap

    def is_cooling(self, at: datetime, cooldown: timedelta) -> bool:
        return self.told_at is not None and at - self.told_at < cooldown

    def cools_until(self, cooldown: timedelta) -> datetime | None:
        return self.told_at + cooldown if self.told_at else None


@dataclass(frozen=True)
class Transition:
    """A transition, the reading that made it and how far that is beyond the target."""

    kind: str
    reading: Observation
    gap: float


def transitions(
    steps: Sequence[Step],
    memory: AlertSnapshot | None,
    policy: Policy,
    at: datetime,
    cooldown: timedelta,
) -> list[Transition]:
    """Say what has to happen so that the alert is as the track says; nothing when it is."""
    if not steps:
        return []
    if memory is None or not memory.is_open:
        return _opening(steps[-1], memory, policy, at, cooldown)
    if end := end_of(steps, memory.first):
        closed = Transition(RECOVERED, end.reading, policy.gap(end.reading))
        rest = replace(memory, is_open=False, last=_before(end, steps, memory.first))
        return [closed, *_opening(steps[-1], rest, policy, at, cooldown)]
    last = steps[-1]
    gap = policy.gap(last.reading)
    if not last.is_open:
        return [Transition(CLOSED, last.reading, gap)]
    if last.state == FIRING and memory.is_outgrown_by(gap):
        return [Transition(WORSENED, last.reading, gap)]
    return []


def _opening(
    last: Step, memory: AlertSnapshot | None, policy: Policy, at: datetime, cooldown: timedelta
) -> list[Transition]:
    if last.state != FIRING or last.since is None:
        return []
    gap = policy.gap(last.reading)
    opened = Transition(OPENED, last.reading, gap)
    if memory is None:
        return [opened]
    is_same = last.since <= memory.last
    is_hushed = memory.is_cooling(at, cooldown) or (is_same and memory.is_expected)
    if is_hushed and not memory.is_outgrown_by(gap):
        return []
    return [replace(opened, kind=REOPENED) if is_same else opened]


def _before(end: Step, steps: Sequence[Step], first: date) -> date:
    """The last period of the stretch that a step ended: `first`, where the steps start later."""
    days = [one.reading.first for one in steps if one.reading.first < end.reading.first]
    return max([first, *days])


def after(
    memory: AlertSnapshot | None, move: Transition, last: Step, at: datetime
) -> AlertSnapshot:
    """What is remembered once the move is made and told."""
    if memory is None or move.kind == OPENED:
        begun = last.since or move.reading.first
        return AlertSnapshot(begun, move.reading.first, told_at=at, told_gap=move.gap)
    if move.kind in (RECOVERED, CLOSED):
        return replace(memory, is_open=False, is_expected=False)
    return replace(
        memory,
        last=move.reading.first,
        is_open=True,
        is_expected=False,
        told_at=at,
        told_gap=max(move.gap, memory.told_gap),
    )


def replay(steps: Sequence[Step], policy: Policy, cooldown: timedelta) -> list[Transition]:
    """All moves that the track would have made, each told when its period could be judged."""
    memory, made = None, []
    for count, last in enumerate(steps, start=1):
        at = last.reading.at
        for move in transitions(steps[:count], memory, policy, at, cooldown):
            memory = after(memory, move, last, at)
            made.append(move)
        if memory and memory.is_open:
            memory = replace(memory, last=last.reading.first)
    return made
