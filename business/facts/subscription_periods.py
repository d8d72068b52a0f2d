"""Turn the changes of one subscription into its periods. No Django here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

STARTED, PAUSED, RESUMED = "started", "paused", "resumed"
# of two ends at the same moment finishing counts: it is never churn
FINISHED, CANCELLED = "finished", "cancelled"
ENDS = (FINISHED, CANCELLED)

Pause = tuple[datetime, datetime | None]


@dataclass(frozen=True)
class Change:
    """A reported change of a subscription; `details` are those of a start."""

    change: str
    at: datetime
    details: Any = None


@dataclass
class SubscriptionPeriod:
    """The period from a start to the end after it (None: open)."""

    started_at: datetime
    details: Any = None
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

    def end(self, at: datetime, by: str) -> None:
        self.resume(at)
        self.ended_at, self.ended_by = at, by


def subscription_periods(changes: Iterable[Change]) -> list[SubscriptionPeriod]:
    """The periods in order, whatever the order of the changes.

    A start within a period changes nothing, and neither does an end, a pause or a resumption
    outside of one. A period that ends when it starts is left out.
    """
    periods: list[SubscriptionPeriod] = []
    ordered = sorted(changes, key=attrgetter("at"))
    for at, some in groupby(ordered, key=attrgetter("at")):
        _apply(periods, at, {one.change: one for one in some})
    return [one for one in periods if one.ended_at is None or one.ended_at > one.started_at]


def _apply(periods: list[SubscriptionPeriod], at: datetime, changes: dict[str, Change]) -> None:
    """Apply the changes of one moment: an open period ends before a start, a new one after it."""
    end = next((one for one in ENDS if one in changes), None)
    if end and (period := _open_period(periods)):
        period.end(at, end)
        end = None
    if STARTED in changes and not _open_period(periods):
        periods.append(SubscriptionPeriod(at, changes[STARTED].details))
    if end and (period := _open_period(periods)):
        period.end(at, end)
    if period := _open_period(periods):
        _pause_or_resume(period, at, changes)


def _pause_or_resume(period: SubscriptionPeriod, at: datetime, changes: dict[str, Change]) -> None:
    """Resume a paused period before pausing it again; else a pause that ends at once is none."""
    if RESUMED in changes and period.is_paused:
        period.resume(at)
    elif RESUMED in changes:
        return
    if PAUSED in changes:
        period.pause(at)


def _open_period(periods: Sequence[SubscriptionPeriod]) -> SubscriptionPeriod | None:
    return periods[-1] if periods and periods[-1].ended_at is None else None
