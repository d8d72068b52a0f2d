"""Remember when enrollments were active, to find the end of pauses that are reported later."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta

from core.database import bulk_upsert
from engagement.models import ActivityMoments

# ids of enrollments, and when something happened to each
Moments = Iterable[tuple[int, datetime]]


def add(moments: Moments) -> None:
    days: dict[tuple[int, date], list[str]] = defaultdict(list)
    for enrollment, at in moments:
        utc = at.astimezone(UTC)
        days[enrollment, utc.date()].append(_seconds(utc))
    bulk_upsert.upsert(
        ActivityMoments,
        ("enrollment_id", "day", "seconds"),
        [(*key, "".join(f"{one} " for one in days[key])) for key in sorted(days)],
        conflict="enrollment_id, day",
        merge={"seconds": "{c} = {t}.{c} || excluded.{c}"},
    )


def first_after(starts: Moments) -> list[tuple[int, datetime]]:
    """Return the first activity after each of these moments, as (enrollment id, moment)."""
    waiting: dict[int, list[datetime]] = defaultdict(list)
    for enrollment, at in starts:
        waiting[enrollment].append(at)
    found: list[tuple[int, datetime]] = []
    for enrollment, moments in _days_of(waiting):
        last = max(moments)
        found += [
            (enrollment, min(at for at in moments if at > start))
            for start in waiting[enrollment]
            if start < last
        ]
        waiting[enrollment] = [start for start in waiting[enrollment] if start >= last]
    return found


def _days_of(starts: dict[int, list[datetime]]) -> Iterator[tuple[int, list[datetime]]]:
    """Yield the moments of each day of these enrollments, the earliest days first."""
    days = {at.astimezone(UTC).date() for some in starts.values() for at in some}
    rows = ActivityMoments.objects.filter(enrollment__in=list(starts)).order_by("day")
    later = rows.filter(day__gte=min(days)) if days else rows.none()
    for enrollment, day, seconds in later.values_list("enrollment_id", "day", "seconds"):
        yield enrollment, [_moment(day, one) for one in seconds.split()]


def _seconds(at: datetime) -> str:
    whole = at.hour * 3600 + at.minute * 60 + at.second
    return f"{whole}.{at.microsecond:06}".rstrip("0") if at.microsecond else str(whole)


def _moment(day: date, seconds: str) -> datetime:
    whole, _, fraction = seconds.partition(".")
    midnight = datetime.combine(day, time(), UTC)
    return midnight + timedelta(seconds=int(whole), microseconds=int(f"{fraction:0<6}"))
