"""How the figures of jobs, as columns, differ from what is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from curriculum.models import Course
from kpis.aggregation.people import Chosen
from kpis.definitions.periods import Period
from kpis.recompute.compare_columns import Changes, Stored, changes_between
from kpis.recompute.compute_cells import PeriodCourses
from kpis.recompute.compute_columns import Computed, SiteParts, compute_columns, sites_of
from kpis.recompute.figure_columns import COURSE, Figures, are_in, together
from kpis.recompute.job import Job
from kpis.recompute.stored_rows import Stored as StoredRows
from kpis.recompute.stored_rows import all_rows_of, rows_of, rows_of_all_courses

NO_COURSE = frozenset({0})
# more than this part of all courses are found sooner with those of all others
MOST = 2


def changes_of(jobs: Sequence[Job], runs: Mapping[int, int], now: datetime) -> dict[str, Changes]:
    """Return how the figures of jobs differ from the stored ones, by the keys of their KPIs.

    Each job is for another KPI, and all of them leave the site or none does. `runs` maps every run
    of the jobs' courses to its course.
    """
    has_site = not any(job.leaves_site for job in jobs)
    periods = list(dict.fromkeys(one for job in jobs for one in job.all_periods))
    numbers = {period: at for at, period in enumerate(periods)}
    wanted = [one for job in jobs if (one := job.wanted).periods]
    computed = compute_columns(wanted, numbers, runs, now, with_site=has_site)
    courses = frozenset(Course.objects.values_list("pk", flat=True))
    stored = _stored(jobs, periods, courses, has_site=has_site)
    sites = _sites(jobs, computed, numbers, courses, now) if has_site else {}
    found = {}
    for job in jobs:
        key = job.indicator.key
        figures = [computed[key].figures] if key in computed else []
        if key in sites:
            figures.append(sites[key])
        rows = Stored.of(job.indicator, list(stored.get(key, {}).values()), numbers)
        of_site = [(one, NO_COURSE) for one in job.all_periods] if has_site else []
        is_meant = _are_in([*job.periods, *of_site], numbers, rows.figures)
        found[key] = changes_between(
            job.indicator, together(job.indicator, figures), rows.at(is_meant), periods
        )
    return found


def _stored(
    jobs: Sequence[Job], periods: Sequence[Period], courses: frozenset[int], *, has_site: bool
) -> StoredRows:
    """Return at least the stored rows of what the jobs compute."""
    indicators = [job.indicator for job in jobs]
    if any(MOST * len(job.courses) > len(courses) for job in jobs):
        return all_rows_of(indicators, periods)
    places = {(course, one) for job in jobs for one, ids in job.periods for course in ids}
    return rows_of(indicators, places, periods if has_site else ())


def _sites(
    jobs: Sequence[Job],
    computed: Mapping[str, Computed],
    numbers: Mapping[Period, int],
    courses: frozenset[int],
    now: datetime,
) -> dict[str, Figures]:
    """Return the site's figures of KPIs that add up, from the courses computed and all others."""
    jobs = [job for job in jobs if job.indicator.is_additive and job.indicator.is_computed]
    incomplete = {
        job.indicator.key: job
        for job in jobs
        if job.site_periods or any(courses - ids for _, ids in job.periods)
    }
    stored = rows_of_all_courses(
        (job.indicator for job in incomplete.values()),
        (one for job in incomplete.values() for one in job.all_periods),
    )
    parts = []
    for job in jobs:
        key = job.indicator.key
        one = computed.get(key, Computed(together(job.indicator, ())))
        figures = [one.figures.at(one.figures.scope == COURSE)]
        if key in incomplete:
            rows = Stored.of(job.indicator, list(stored.get(key, {}).values()), numbers).figures
            everywhere = [(one, courses) for one in job.all_periods]
            is_other = _are_in(everywhere, numbers, rows) & ~_are_in(job.periods, numbers, rows)
            figures.append(rows.at(is_other))
        people = None if key in incomplete else one.people
        parts.append(SiteParts(job.indicator, together(job.indicator, figures), people))
    return sites_of(parts, list(numbers), now)


def _are_in(places: PeriodCourses, numbers: Mapping[Period, int], figures: Figures) -> Chosen:
    """Return where a figure's course is among those of its period; that of the site is 0."""
    numbered = ((numbers[period], courses) for period, courses in places)
    return are_in(numbered, figures.period, figures.course)
