"""While little is stale: recompute all of it in one step, and the site with it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from core import reporting_clock
from core.changes import CourseId
from core.database.locks import queue_to_write
from kpis.definitions.periods import Period, containing
from kpis.definitions.registry import REGISTRY
from kpis.models import StaleDay, StalePeriod
from kpis.recompute import claims, stale_days, stale_periods
from kpis.recompute.job import Job
from kpis.recompute.jobs import Recomputed, changes_of, write
from kpis.recompute.stale_days import KIND_ORDER

# Where more is stale, months are recomputed before any week, so that they are shown soon.
MOST_ROWS = 2_000
MOST_PERIODS = 10_000


class StaleRow(NamedTuple):
    """A stale day, or a stale period, which is a day with a kind."""

    is_period: bool
    pk: int
    key: str
    course_id: CourseId
    kind: str
    first: date
    last: date


KIND = " ".join(f"WHEN {rank} THEN '{kind.value}'" for rank, kind in enumerate(KIND_ORDER))
NOT_FAILED = {
    "sqlite": "key NOT IN (SELECT value FROM json_each(%s))",
    "postgresql": "key NOT IN (SELECT json_array_elements_text(%s::json))",
}
ROWS = f"""
    SELECT false, id, key, course_id, kind, first, last
    FROM {StaleDay._meta.db_table} WHERE {{not_failed}}
    UNION ALL
    SELECT true, id, key, course_id, CASE rank {KIND} END, start, start
    FROM {StalePeriod._meta.db_table} WHERE {{not_failed}}
    LIMIT %s
"""  # noqa: S608


def stale_rows(failed: Collection[str]) -> list[StaleRow] | None:
    """Return everything stale, apart from KPIs that failed; None if it is much."""
    keys = json.dumps(list(failed))
    with connection.cursor() as cursor:
        sql = ROWS.format(not_failed=NOT_FAILED[connection.vendor])
        cursor.execute(sql, [keys, keys, MOST_ROWS + 1])
        rows = [StaleRow(*row) for row in cursor.fetchall()]
    # about as many periods as days with the weeks, months and quarters around them
    periods = sum(3 + 2 * (row.last - row.first).days for row in rows)
    return rows if len(rows) <= MOST_ROWS and periods <= MOST_PERIODS else None


def recompute(rows: Sequence[StaleRow], now: datetime | None) -> tuple[Recomputed, int] | None:
    """Recompute what these rows make stale, as far as nobody else has claimed it.

    Returns the result and the number of rows, or None if everything is claimed. The rows were read
    before the claim: at worst, others have recomputed the same in between.
    """
    with claims.claim_with_site({row.course_id for row in rows}) as claimed:
        ours = [row for row in rows if row.course_id in claimed]
        if not ours:
            return None
        # read the clock after the rows: their days were marked before this moment
        at = now or timezone.now()
        jobs = _jobs(ours, at, leaves_site=None not in claimed)
        changes = changes_of(jobs, at)
        with queue_to_write(), transaction.atomic(savepoint=False):
            write(jobs, changes, at)
            stale_periods.remove([row.pk for row in ours if row.is_period])
            stale_days.remove([row.pk for row in ours if not row.is_period])
    done = Recomputed()
    for job in jobs:
        done.note(job.indicator, changes.get(job.indicator.key, ()))
    return done, len(ours)


def _jobs(rows: Iterable[StaleRow], now: datetime, *, leaves_site: bool) -> list[Job]:
    """Return a job for each KPI, with periods of every kind."""
    by_key: dict[str, dict[tuple[int, date], set[CourseId]]] = defaultdict(dict)
    for key, course, rank, start in stale_periods.periods_of(rows, now):
        if key in REGISTRY:
            by_key[key].setdefault((rank, start), set()).add(course)
    zone = reporting_clock.reporting_zone()
    periods: dict[tuple[int, date], Period] = {
        (rank, start): containing(start, KIND_ORDER[rank], zone)
        for starts in by_key.values()
        for rank, start in starts
    }
    return [
        Job(
            REGISTRY[key],
            [
                (periods[one], frozenset(course for course in courses if course))
                for one, courses in starts.items()
                if courses != {None}
            ],
            site_periods=[periods[one] for one, courses in starts.items() if None in courses],
            leaves_site=leaves_site,
        )
        for key, starts in sorted(by_key.items())
    ]
