"""Run jobs: compute the cells of KPIs, compare them with the stored rows, and store the changes."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby

from django.db import InterfaceError, OperationalError, transaction

from core.changes import CourseId
from core.database.locks import queue_to_write
from curriculum.models import CourseRun
from kpis.definitions.periods import Period
from kpis.definitions.registry import Indicator
from kpis.models import Measurement
from kpis.recompute import change_columns, claims, stale_days, stale_periods, store_columns
from kpis.recompute.compare_columns import Changes as ChangeColumns
from kpis.recompute.compare_measurements import differing
from kpis.recompute.compute_cells import compute_all
from kpis.recompute.job import Job
from kpis.recompute.site_sums import Site, site_changes, sites_with_few_learners
from kpis.recompute.store_measurements import (
    Change,
    Places,
    Runs,
    places_of,
    runs_of,
    store,
)
from kpis.recompute.stored_rows import rows_of
from kpis.signals import CommittedChange, measurements_committed

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], object]


# the changes of each KPI, by its key
Changes = Mapping[str, Sequence[Change]]


@dataclass
class Recomputed:
    """The number of figures that jobs wrote, and the keys of the jobs that failed."""

    written: int = 0
    failed: set[str] = field(default_factory=set)
    unannounced: dict[tuple[str, str], tuple[set[int], set[int]]] = field(default_factory=dict)

    def note(self, indicator: Indicator, changes: Sequence[Change]) -> None:
        self.note_places(indicator, len(changes), places_of(changes), runs_of(changes))

    def note_places(self, indicator: Indicator, written: int, places: Places, runs: Runs) -> None:
        """Note how many figures of a KPI were written, and where."""
        self.written += written
        for period, courses in places.items():
            key = (indicator.category, period.kind)
            its_courses, its_runs = self.unannounced.setdefault(key, (set(), set()))
            its_courses |= {course for course in courses if course}
            its_runs |= runs.get(period, set())

    def announce(self) -> None:
        """Send the signal for everything committed since the last one."""
        if self.unannounced:
            changed = [
                CommittedChange(*key, frozenset(courses), frozenset(runs))
                for key, (courses, runs) in self.unannounced.items()
            ]
            measurements_committed.send(Measurement, changed=changed)
            self.unannounced = {}


def run_jobs(
    jobs: Sequence[Job],
    now: datetime,
    progress: Progress | None = None,
    *,
    announces: bool = True,
) -> Recomputed:
    """Run the jobs; a KPI that fails is logged and does not stop the others.

    Jobs for the same periods are computed together and stored in one transaction, in which the
    periods of the site become stale and those of the jobs are removed.
    """
    done = Recomputed()
    at = 0
    for batch in of_same_periods(jobs):
        at += len(batch)
        try:
            run_together(batch, now, done)
        except (OperationalError, InterfaceError):
            # the database itself is unreachable or busy: the task tries again
            raise
        except Exception:
            logger.debug("one of %d jobs failed; running each alone", len(batch), exc_info=True)
            _run_separately(batch, now, done)
        if announces:
            done.announce()
        if progress:
            progress(at, len(jobs))
    return done


def of_same_periods(jobs: Iterable[Job]) -> Iterator[list[Job]]:
    """Yield the jobs for the same periods, which follow each other."""
    for _, batch in groupby(jobs, key=lambda job: (job.periods, job.site_periods)):
        yield list(batch)


def run_together(batch: Sequence[Job], now: datetime, done: Recomputed) -> None:
    """Compute the cells of all jobs, then store them, with nobody else doing so in between."""
    with claims.claim(_claimed_by(batch)):
        changes = _columns_of(batch, now)
        places = {key: one.places for key, one in changes.items()}
        if any(job.row_ids for job in batch) or any(changes.values()):
            with queue_to_write(), transaction.atomic():
                store_columns.store(list(changes.values()), now)
                stale_days.mark_site_stale(_stale_of_site(batch, places))
                stale_periods.remove(sorted({pk for job in batch for pk in job.row_ids}))
    for one in changes.values():
        done.note_places(one.indicator, len(one), places[one.indicator.key], one.runs)


def _columns_of(batch: Sequence[Job], now: datetime) -> dict[str, ChangeColumns]:
    jobs = [job for job in batch if job.indicator.is_computed]
    runs = _runs_of({course for job in jobs for course in job.courses})
    return change_columns.changes_of(jobs, runs, now)


def _claimed_by(batch: Sequence[Job]) -> set[CourseId]:
    courses: set[CourseId] = {course for job in batch for course in job.courses}
    return courses if all(job.leaves_site for job in batch) else courses | {None}


def _run_separately(batch: Sequence[Job], now: datetime, done: Recomputed) -> None:
    """Run each job alone, and remove the stale periods of those that do not fail."""
    failed = set[str]()
    for job in batch:
        try:
            run_together([replace(job, row_ids=())], now, done)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("%s could not be recomputed", job.indicator.key)
            failed.add(job.indicator.key)
    stale_periods.remove(
        [pk for job in batch if job.indicator.key not in failed for pk in job.row_ids]
    )
    done.failed |= failed


def compare_jobs(batch: Sequence[Job], now: datetime) -> Changes:
    """Return the changes that jobs for the same periods would store, without storing them."""
    with claims.claim(_claimed_by(batch)):
        changes = _columns_of(batch, now)
    return {key: list(one.each(range(len(one)))) for key, one in changes.items()}


def changes_of(batch: Sequence[Job], now: datetime) -> Changes:
    """Compute the jobs' cells, and return those that differ from the stored rows.

    Each job is for another KPI, and all of them leave the site or none does.
    """
    jobs = [job for job in batch if job.indicator.is_computed]
    has_site = not any(job.leaves_site for job in jobs)
    places = [(course, one) for job in jobs for one, ids in job.periods for course in ids]
    runs = _runs_of({course for course, _ in places})
    wanted = [one for job in jobs if (one := job.wanted).periods]
    cells = compute_all(wanted, runs, now, with_site=has_site)
    of_site = [one for job in jobs for one in job.all_periods] if has_site else []
    stored = rows_of([job.indicator for job in jobs], places, of_site)
    found = {
        job.indicator.key: differing(
            job.wanted, cells.get(job.indicator.key, ()), stored.get(job.indicator.key, {})
        )
        for job in jobs
    }
    sites = [
        Site(
            job.indicator,
            cells.get(job.indicator.key, ()),
            found[job.indicator.key],
            stored.get(job.indicator.key, {}),
            job.all_periods if job.is_complete else job.site_periods,
        )
        for job in jobs
        if has_site and job.indicator.is_additive
    ]
    for key, changes in site_changes(sites, now).items():
        found[key] += changes
    return found


def _runs_of(courses: Collection[int]) -> dict[int, int]:
    """Return the course of each run of these courses."""
    rows = CourseRun.objects.filter(course__in=courses).order_by()
    return dict(rows.values_list("pk", "course_id")) if courses else {}


def write(batch: Sequence[Job], changes: Changes, now: datetime) -> None:
    """Store the changes, in a transaction, and mark the site stale where jobs leave it."""
    store([(job.indicator, changes.get(job.indicator.key, ())) for job in batch], now)
    places = {key: places_of(some) for key, some in changes.items()}
    stale_days.mark_site_stale(_stale_of_site(batch, places))


def _stale_of_site(batch: Sequence[Job], places: Mapping[str, Places]) -> dict[str, list[Period]]:
    """Return by KPI the periods in which the site may differ once these changes are stored.

    If the site is not the sum of its courses, it may do so although no course does; its learners
    may be others, too.
    """
    found: dict[str, list[Period]] = defaultdict(list)
    jobs = [job for job in batch if job.leaves_site and job.indicator.is_computed]
    few = sites_with_few_learners(
        [job.indicator for job in jobs if job.indicator.is_additive],
        [period for job in jobs for period, _ in job.periods],
    )
    for job in jobs:
        key, is_additive = job.indicator.key, job.indicator.is_additive
        affected = {(period.kind, period.first) for period in places[key]} | few.get(key, set())
        found[key] += [
            period
            for period, courses in job.periods
            if courses and (not is_additive or (period.kind, period.first) in affected)
        ]
    return found
