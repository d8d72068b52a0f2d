"""The days before and after a change that are compared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from kpis.definitions.periods import WINDOW, Period, local_day, midnight

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Windows:
    """Whole local days before and after a change; the day of a change at noon is in neither."""

    before: Period
    after: Period

    @property
    def around(self) -> Period:
        """Return all days from the first to the last."""
        return Period(self.before.first, self.after.after, WINDOW, self.before.zone)


def windows(
    changed_at: datetime,
    until: datetime,
    zone: ZoneInfo,
    *,
    since: date | None = None,
    same_length: bool = False,
) -> Windows | None:
    """Return as many days before as after; None if there are no whole days on either side.

    `since` is the first day that the window before may contain: the start of the alert's first
    period. With `same_length`, the window after is then as short as the one before.
    """
    day = local_day(changed_at, zone)
    first_after = day if changed_at == midnight(day, zone) else day + DAY
    days = (local_day(until, zone) - day).days
    first = max(day - timedelta(days=days), since) if since else day - timedelta(days=days)
    if days <= 0 or first >= day:
        return None
    if same_length:
        days = min(days, (day - first).days)
    return Windows(
        Period(first, day, WINDOW, zone),
        Period(first_after, first_after + timedelta(days=days), WINDOW, zone),
    )
