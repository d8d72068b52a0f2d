"""Stale days: marked where facts change, in the transaction that changes them.

Those who change facts note the days, which are written once in the same transaction
(`core/changes.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import Max, Min

from core import reporting_clock, task_queue
from core.changes import CourseId, Dated
from core.database import bulk_upsert
from core.database.id_lists import ids_in
from curriculum.models import Course
from kpis.definitions.periods import Period, between, containing, local_day
from kpis.definitions.registry import Indicator
from kpis.models import (
    CompositeMeasurement,
    DataFreshness,
    Measurement,
    PeriodKind,
    StaleDay,
    StalePeriod,
)

TASK = "kpis.tasks.recompute"
QUEUED = "kpis.recompute-queued"
# asked to share a large backlog
WORKERS = 8

# course id, first and last day
Span = tuple[CourseId, date, date]
# months first, for every KPI: pages show them by default
KIND_ORDER = (PeriodKind.MONTH, PeriodKind.WEEK, PeriodKind.DAY, PeriodKind.QUARTER)


@transaction.atomic
def request_recompute(measurements: Iterable[Measurement]) -> int:
    """Mark every day of these measurements stale; returns the number of days and courses.

    The site's measurement is the sum of all courses, so the days of each course are marked too.
    """
    everywhere = list(Course.objects.values_list("pk", flat=True))
    zone = reporting_clock.reporting_zone()
    marked: dict[str, set[Span]] = defaultdict(set)
    for one in measurements:
        period = containing(one.period_start, one.period_kind, zone)
        if one.course_id is None:
            marked[one.kpi].add((None, period.first, period.last))
        courses = everywhere if one.course_id is None else [one.course_id]
        marked[one.kpi] |= {(pk, period.first, period.last) for pk in courses}
    write_spans(marked)
    return sum(
        (last - first).days + 1
        for spans in marked.values()
        for course, first, last in merged(spans)
        if course is not None
    )


def day_of(moment: Dated) -> date:
    """Return the local day of a moment; a date is its own day."""
    return local_days()(moment)


def local_days() -> Callable[[Dated], date]:
    """Return `day_of` for many moments, which looks the time zone up once."""
    zone = reporting_clock.reporting_zone()
    return lambda moment: local_day(moment, zone) if isinstance(moment, datetime) else moment


def merged(spans: Iterable[Span]) -> list[Span]:
    """Return the spans of each course, sorted, as few as cover the same days."""
    found: list[Span] = []
    for course, first, last in sorted(spans, key=lambda one: (one[0] or 0, *one[1:])):
        before = found[-1] if found else None
        if before and before[0] == course and (first - before[2]).days <= 1:
            found[-1] = (course, before[1], max(before[2], last))
        else:
            found.append((course, first, last))
    return found


def write_spans(spans: Mapping[str, Iterable[Span]]) -> None:
    """Mark each (course id, first day, last day) of each KPI stale."""
    write_spans_of_kinds({(key, ""): some for key, some in spans.items()})


def write_spans_of_kinds(spans: Mapping[tuple[str, str], Iterable[Span]]) -> None:
    """Mark spans stale, by the key of a KPI and a kind of period; an empty one stands for all."""
    _mark((key, *span, kind) for (key, kind), some in spans.items() for span in merged(some))


def kinds_ending_after(day: date, since: date) -> list[str]:
    """Return the kinds of the periods around a day that do not end before another day."""
    zone = reporting_clock.reporting_zone()
    kinds = [kind for kind in KIND_ORDER if containing(day, kind, zone).after > since]
    return [""] if len(kinds) == len(KIND_ORDER) else [str(kind) for kind in kinds]


def mark_site_stale_without(course: Course) -> None:
    """Mark all periods of the site stale in which a course that is deleted has figures."""
    of_course = {"course": course, "scope": Measurement.Scope.COURSE, "n__gt": 0}
    for table in (Measurement.objects.all(), CompositeMeasurement.objects.all()):
        rows = table.filter(**of_course).order_by().values_list("kpi", "period_kind")
        spans = rows.annotate(Min("period_start"), Max("period_start"))
        _mark((kpi, None, first, last, kind) for kpi, kind, first, last in spans)


def _mark(days: Iterable[tuple[str, CourseId, date, date, str]]) -> None:
    rows = list(days)
    if not rows:
        return
    bulk_upsert.insert(StaleDay, ("key", "course_id", "first", "last", "kind"), rows)
    queued = transaction.get_connection().run_on_commit
    if not any(function is recompute_soon for _, function, _ in queued):
        transaction.on_commit(recompute_soon)


def mark_site_stale(periods: Mapping[str, Collection[Period]]) -> None:
    """Mark periods stale for the site, by the key of each KPI.

    Whoever calls this recomputes the site next, or leaves it to the schedule.
    """
    rows = [
        StaleDay(key=key, first=first, last=last, kind=kind)
        for key, some in periods.items()
        for kind in KIND_ORDER
        for _, first, last in merged(
            (None, one.first, one.last) for one in some if one.kind == kind
        )
    ]
    if rows:
        StaleDay.objects.bulk_create(rows, batch_size=1000)


def remove(row_ids: Collection[int]) -> None:
    """Remove days that are recomputed, or were gathered.

    By id and not by range: a slower transaction may commit an id in between.
    """
    if row_ids:
        StaleDay.objects.filter(pk__in=ids_in(row_ids)).delete()


def recompute_soon() -> None:
    """Queue the recompute task, once however many batches ask for it before it starts.

    If the broker is unreachable, the stale days stay and the schedule finds them.
    """
    task_queue.enqueue_once(TASK, queued=QUEUED, otherwise="figures are recomputed by the schedule")


def ask_workers() -> None:
    """Queue a task for each of several workers, to share a large backlog."""
    if transaction.get_connection().vendor == "postgresql":
        task_queue.enqueue_all(TASK, [()] * WORKERS, otherwise="nobody shares the recomputing")


def write_freshness(latest: Mapping[str, Mapping[int, datetime]], *, received_at: datetime) -> None:
    """Store the latest event by category and course id; an older one changes nothing."""
    bulk_upsert.upsert(
        DataFreshness,
        ("category", "course_id", "data_through", "received_at"),
        [
            (category, course_id, at, received_at)
            for category, courses in sorted(latest.items())
            for course_id, at in sorted(courses.items())
        ],
        conflict="category, course_id",
        merge={"data_through": "larger", "received_at": "larger"},
    )


def is_anything_stale(failed: Collection[str] = ()) -> bool:
    """Return whether figures are still to be computed, apart from KPIs that failed."""
    return any(
        rows.objects.exclude(key__in=failed).exists() if failed else rows.objects.exists()
        for rows in (StaleDay, StalePeriod)
    )


def stale_starts(indicator: Indicator, periods: Sequence[Period]) -> set[tuple[date, CourseId]]:
    """Return the first day and course id of each of these periods (of one kind) that is stale.

    A course id of None means that the figure of the site is stale by itself.
    """
    zone, kind = reporting_clock.reporting_zone(), periods[0].kind
    keys = indicator.measured_keys
    first, last = min(one.first for one in periods), max(one.last for one in periods)
    rows = StalePeriod.objects.filter(
        key__in=keys, rank=KIND_ORDER.index(PeriodKind(kind)), start__range=(first, last)
    )
    spans = StaleDay.objects.filter(
        key__in=keys, kind__in=("", kind), first__lte=last, last__gte=first
    )
    return {
        *rows.values_list("start", "course_id"),
        *(
            (period.first, course)
            for course, since, until in merged(spans.values_list("course_id", "first", "last"))
            for period in between(max(since, first), min(until, last), kind, zone)
        ),
    }
