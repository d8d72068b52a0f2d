"""From the moments of one subscription to its stretches of time. No Django here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

STARTED, PAUSED, RESUMED = "started", "paused", "resumed"
# of two ends at one moment finishing counts: it is never churn
FINISHED, CANCELLED = "finished", "cancelled"
ENDS = (FINISHED, CANCELLED)

Pause = tuple[datetime, datetime | None]


@dataclass(frozen=True)
class Moment:
    """Something that was said of a subscription; `start` is what a start says of it."""

    what: str
    at: datetime
    start: Any = None


@dataclass
class SubscriptionPeriod:
    """From a start to the end after it; None while it goes on."""

    started_at: datetime
    start: Any = None
    ended_at: datetime | None = None
    ended_by: str = ""
    pauses: list[Pause] = field(default_factory=list)

    @property
    def is_paused(self) -> bool:
        return bool(self.pauses) and self.pauses[-1][1] is None

    def pause(self, at: datetime) -> None:
        if not self.is_paused:
            self.pauses.append((at, None))

    def resume(self, at: datetime) -> None:
        if self.is_paused and at > self.pauses[-1][0]:
            self.pauses[-1] = (self.pauses[-1][0], at)

    def end(self, at: datetime, how: str) -> None:
        self.resume(at)
        self.ended_at, self.ended_by = at, how


def subscription_periods(moments: Iterable[Moment]) -> list[SubscriptionPeriod]:
    """The stretches in order, whatever order the moments come in.

    A start while one goes on changes nothing, nor does an end, a pause or a resumption while
    none does. What ends at the moment that it starts was never there.
    """
    found: list[SubscriptionPeriod] = []
    ordered = sorted(moments, key=attrgetter("at"))
    for at, some in groupby(ordered, key=attrgetter("at")):
        _follow(found, at, {one.what: one for one in some})
    return [one for one in found if one.ended_at is None or one.ended_at > one.started_at]


def _follow(found: list[SubscriptionPeriod], at: datetime, now: dict[str, Moment]) -> None:
    """What is said of one moment: who holds it ends before they start, others after."""
    how = next((one for one in ENDS if one in now), None)
    if how and (going_on := _last(found)):
        going_on.end(at, how)
        how = None
    if STARTED in now and not _last(found):
        found.append(SubscriptionPeriod(at, now[STARTED].start))
    if how and (begun_now := _last(found)):
        begun_now.end(at, how)
    if going_on := _last(found):
        _rest(going_on, at, now)


def _rest(one: SubscriptionPeriod, at: datetime, now: dict[str, Moment]) -> None:
    """What is paused resumes before it pauses again; else a pause that ends at once is none."""
    if RESUMED in now and one.is_paused:
        one.resume(at)
    elif RESUMED in now:
        return
    if PAUSED in now:
        one.pause(at)


def _last(found: Sequence[SubscriptionPeriod]) -> SubscriptionPeriod | None:
    """The stretch that goes on; None when none does."""
    return found[-1] if found and found[-1].ended_at is None else None
