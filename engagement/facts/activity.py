"""Daily activity and, made from it, presence by week."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from core import bulk_upsert, reporting_clock
from curriculum import enrolling
from engagement.facts import batch_work
from engagement.models import DailyActivity, WeekPresence
from intake.models import Event
from kpis.definitions.periods import local_day


@dataclass(frozen=True)
class Counts:
    """What one event of a kind adds to its day."""

    productive: int = 0
    content: int = 0
    quiz: int = 0


# an event of a kind that is not here is no activity of the learner
COUNTS = {
    "module.started": Counts(),
    "module.completed": Counts(),
    "content.viewed": Counts(content=1),
    "video.watched": Counts(content=1),
    "video.played": Counts(content=1),
    "video.paused": Counts(content=1),
    "quiz.attempted": Counts(productive=1, quiz=1),
    "question.answered": Counts(productive=1, quiz=1),
    "assignment.submitted": Counts(productive=1),
    "discussion.posted": Counts(productive=1),
    "note.written": Counts(productive=1),
}

Key = tuple[int, int | None, date]


def add(events: Sequence[Event]) -> None:
    """Add these events to their days: one row per enrolment, module and day."""
    zone = reporting_clock.reporting_zone()
    days: dict[Key, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    touched: set[tuple[int, date]] = set()
    for event in _activities(events):
        counts, day = COUNTS[event.kind], local_day(event.occurred_at, zone)
        sums = days[event.enrollment_id or 0, event.module_id, day]
        sums[0] += 1
        sums[1] += counts.productive
        sums[2] += counts.content
        sums[3] += counts.quiz
        touched.add((event.course_id or 0, day))
    _write(days)
    be_present((key, sums[1] > 0) for key, sums in days.items())
    mark_days(touched)


def end_pauses(events: Sequence[Event]) -> None:
    """Who learns is no longer paused."""
    enrolling.record_activity(
        (event.enrollment_id or 0, event.occurred_at) for event in _activities(events)
    )


def _activities(events: Iterable[Event]) -> list[Event]:
    return [event for event in events if event.kind in COUNTS]


def moments_of(enrollment_ids: Iterable[int]) -> list[tuple[int, datetime]]:
    """When these enrollments were active, as far as events say."""
    events = Event.objects.filter(enrollment__in=list(enrollment_ids), kind__in=COUNTS).order_by()
    return [(pk or 0, at) for pk, at in events.values_list("enrollment_id", "occurred_at")]


def _write(days: Mapping[Key, Sequence[int]]) -> None:
    columns = ("interactions", "productive", "content", "quiz")
    bulk_upsert.upsert(
        DailyActivity,
        ("enrollment_id", "module_id", "day", *columns),
        [(*key, *days[key]) for key in sorted(days, key=_order)],
        conflict=DailyActivity.KEY,
        merge=dict.fromkeys(columns, "add"),
    )


def be_present(days: Iterable[tuple[Key, bool]]) -> None:
    """Note presence in the weeks of these days: anywhere, and in each module."""
    weeks: dict[Key, bool] = defaultdict(bool)
    for (enrollment, module, day), is_productive in days:
        week = week_of(day)
        for where in {None, module}:
            weeks[enrollment, where, week] |= is_productive
    bulk_upsert.upsert(
        WeekPresence,
        ("enrollment_id", "module_id", "week", "is_productive"),
        [(*key, weeks[key]) for key in sorted(weeks, key=_order)],
        conflict=WeekPresence.KEY,
        merge={"is_productive": "larger"},
    )


def week_of(day: date) -> date:
    """The Monday of the day's week."""
    return day - timedelta(days=day.weekday())


def mark_days(days: Iterable[tuple[int, date]]) -> None:
    """Mark days (with their courses) of activity, and Mondays of another month.

    A week counts as a whole in the month and quarter of its Monday.
    """
    days = set(days)
    mondays = {(course, week_of(day)) for course, day in days if week_of(day).month != day.month}
    batch_work.mark_days_stale(days | mondays)


def _order(key: Key) -> tuple[int, int, date]:
    # two batches that lock rows in one order cannot wait for each other
    return key[0], key[1] or 0, key[2]
