"""Days, ISO weeks, months and quarters in one time zone, as half-open intervals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

KINDS = ("day", "week", "month", "quarter")
WINDOW = "window"


@dataclass(frozen=True, order=True)
class Period:
    """The days `[first, after)` in `zone`; `kind` is one of KINDS, or WINDOW for any days.

    If `now` is given, the period ends then at the latest.
    """

    first: date
    after: date
    kind: str
    zone: ZoneInfo
    now: datetime | None = None

    @property
    def start(self) -> datetime:
        return midnight(self.first, self.zone)

    @property
    def whole_end(self) -> datetime:
        """Return the end of the last day, whether it has passed or not."""
        return midnight(self.after, self.zone)

    @property
    def end(self) -> datetime:
        """Return the end of the period, or `now` if that is earlier."""
        return min(self.whole_end, self.now) if self.now else self.whole_end

    def as_of(self, now: datetime) -> Period:
        return Period(self.first, self.after, self.kind, self.zone, now)

    def is_open(self, now: datetime) -> bool:
        return now < self.whole_end

    def has_begun(self, now: datetime) -> bool:
        return self.start <= now

    def is_closed(self, now: datetime, lag: timedelta) -> bool:
        """Return whether the time for late data, `lag`, has passed too."""
        return now >= self.whole_end + lag

    @property
    def last(self) -> date:
        return self.after - timedelta(days=1)

    @property
    def days(self) -> int:
        return (self.after - self.first).days

    @property
    def is_one_day(self) -> bool:
        return self.days == 1

    @property
    def is_one_month(self) -> bool:
        """Return whether it is exactly a calendar month, of whatever kind."""
        month = containing(self.first, "month", self.zone)
        return (self.first, self.after) == (month.first, month.after)

    @property
    def previous(self) -> Period:
        """Return the period of the same kind before it; for a window, as many days before it."""
        if self.kind == WINDOW:
            return Period(self.first - timedelta(days=self.days), self.first, WINDOW, self.zone)
        return containing(self.first - timedelta(days=1), self.kind, self.zone)

    @property
    def next(self) -> Period:
        return containing(self.after, self.kind, self.zone)

    @property
    def label(self) -> str:
        """Return a short name: 2026-11-22, 2026-W47, 2026-11, 2026-Q4 or both ends of a window."""
        if self.kind == "day":
            return self.first.isoformat()
        if self.kind == "week":
            year, week, _ = self.first.isocalendar()
            return f"{year}-W{week:02}"
        if self.kind == "month":
            return f"{self.first:%Y-%m}"
        if self.kind == "quarter":
            return f"{self.first.year}-Q{(self.first.month + 2) // 3}"
        return f"{self.first} – {self.last}"


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the start of a day in the zone, in UTC; days with a clock change differ in length."""
    return datetime.combine(day, time(), zone).astimezone(ZoneInfo("UTC"))


def containing(day: date, kind: str, zone: ZoneInfo) -> Period:
    """Return the period of this kind that contains the day; ValueError for an unknown kind."""
    if kind == "day":
        return Period(day, day + timedelta(days=1), kind, zone)
    if kind == "week":
        monday = day - timedelta(days=day.weekday())
        return Period(monday, monday + timedelta(days=7), kind, zone)
    if kind == "month":
        return Period(day.replace(day=1), _month_after(day, 1), kind, zone)
    if kind == "quarter":
        first = date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
        return Period(first, _month_after(first, 3), kind, zone)
    raise ValueError(f"Unknown kind of period: {kind}. Choose one of {', '.join(KINDS)}.")


def _month_after(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def local_day(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()


def between(first: date, last: date, kind: str, zone: ZoneInfo) -> Iterator[Period]:
    """Return the periods that contain the days from `first` to `last`, oldest first."""
    period = containing(first, kind, zone)
    while period.first <= last:
        yield period
        period = period.next


def latest(count: int, kind: str, zone: ZoneInfo, *, now: datetime) -> list[Period]:
    """Return the last `count` periods, including the open one, oldest first."""
    periods = [containing(local_day(now, zone), kind, zone)]
    while len(periods) < count:
        periods.append(periods[-1].previous)
    return periods[::-1]
