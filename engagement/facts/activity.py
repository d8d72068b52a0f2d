"""Daily activity and the weekly presence that follows from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from core import reporting_clock
from core.database import bulk_upsert
from core.database.compiled_queries import Template, given_ids
from curriculum import enrolling
from engagement.facts import activity_moments
from engagement.models import DailyActivity, WeekPresence
from intake.event_batch import EventBatch
from intake.models import Event
from kpis.definitions.periods import local_day


@dataclass(frozen=True)
class Counts:
    """What one event of a kind adds to the day's counters, beside one interaction."""

    productive: int = 0
    content: int = 0
    quiz: int = 0


# events of other kinds are no activity of the learner
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

# enrollment id, module id (None: outside modules) and a day, or the Monday of a week
Key = tuple[int, int | None, date]


ACTIVITY = Template(DailyActivity.objects.filter(enrollment__in=given_ids("enrollments")))
PRESENCE = Template(WeekPresence.objects.filter(enrollment__in=given_ids("enrollments")))


def add_activity(batch: EventBatch) -> None:
    """Add these events to the daily activity and weekly presence of their enrollments."""
    zone = reporting_clock.reporting_zone()
    days: dict[Key, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    affected: set[tuple[int, date]] = set()
    for event in _activities(batch):
        counts, day = COUNTS[event.kind], local_day(event.occurred_at, zone)
        sums = days[event.enrollment_id or 0, event.module_id, day]
        sums[0] += 1
        sums[1] += counts.productive
        sums[2] += counts.content
        sums[3] += counts.quiz
        affected.add((event.course_id or 0, day))
    add_to_days(days)
    add_presence((key, sums[1] > 0) for key, sums in days.items())
    enrollments = {key[0] for key in days}
    batch.changes.changed(ACTIVITY.given(enrollments=enrollments), day=affected)
    batch.changes.changed(
        PRESENCE.given(enrollments=enrollments),
        week={(course, monday_of(day)) for course, day in affected},
    )


def end_pauses(batch: EventBatch) -> None:
    """End the pauses of learners who are active again, known ones and those reported later."""
    moments = [(event.enrollment_id or 0, event.occurred_at) for event in _activities(batch)]
    activity_moments.add(moments)
    enrolling.record_activity(moments, changes=batch.changes)


def _activities(batch: EventBatch) -> list[Event]:
    return [event for event in batch.events if event.kind in COUNTS]


def add_to_days(days: Mapping[Key, Sequence[int]]) -> None:
    """Add (interactions, productive, content, quiz) to the counters of each day."""
    columns = ("interactions", "productive", "content", "quiz")
    bulk_upsert.upsert(
        DailyActivity,
        ("enrollment_id", "module_id", "day", *columns),
        [(*key, *days[key]) for key in sorted(days, key=_order)],
        conflict=DailyActivity.KEY,
        merge=dict.fromkeys(columns, "add"),
    )


def add_presence(days: Iterable[tuple[Key, bool]]) -> None:
    """Add presence in the weeks of these (key, is productive) days: in any and in each module."""
    weeks: dict[Key, bool] = defaultdict(bool)
    for (enrollment, module, day), is_productive in days:
        monday = monday_of(day)
        for module_or_any in {None, module}:
            weeks[enrollment, module_or_any, monday] |= is_productive
    bulk_upsert.upsert(
        WeekPresence,
        ("enrollment_id", "module_id", "week", "is_productive"),
        [(*key, weeks[key]) for key in sorted(weeks, key=_order)],
        conflict=WeekPresence.KEY,
        merge={"is_productive": "larger"},
    )


def _order(key: Key) -> tuple[int, int, date]:
    """Sort rows: batches that lock them in the same order cannot deadlock."""
    return key[0], key[1] or 0, key[2]


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())
