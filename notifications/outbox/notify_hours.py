"""When people may be told: a rule's working hours and weekdays. No Django here."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


def next_notify_time(
    now: datetime,
    zone: ZoneInfo,
    *,
    start: time | None,
    end: time | None,
    weekdays: Collection[int],
) -> datetime:
    """The first moment from now on in `[start, end)` of one of the weekdays (1 Monday to 7).

    No hours: the whole day; no weekdays: every day.
    """
    local = now.astimezone(zone)
    for later in range(8):
        day = local.date() + timedelta(days=later)
        if weekdays and day.isoweekday() not in weekdays:
            continue
        opens = datetime.combine(day, start or time(), zone)
        closes = datetime.combine(day if end else day + timedelta(days=1), end or time(), zone)
        # compared in UTC: on the day of a clock change, local times run otherwise
        if now.timestamp() < closes.timestamp():
            return now if opens.timestamp() <= now.timestamp() else opens
    return now
