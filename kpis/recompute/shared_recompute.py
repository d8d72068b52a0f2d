"""Recompute figures from scratch, course by course, with all workers that help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from core import fan_out
from curriculum.models import Course
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.recompute import recompute_stale, stale_periods
from kpis.recompute.job import Job
from kpis.recompute.jobs import Progress, Recomputed, run_jobs

WORK = "kpis.recompute"
SITE = 0


def options_of(indicators: Sequence[Indicator], first: date, last: date) -> dict[str, Any]:
    """Return what tells one recomputing from another."""
    keys = [one.key for one in indicators if one.is_computed]
    return {"kpis": keys, "first": first.isoformat(), "last": last.isoformat()}


def recompute(
    options: Mapping[str, Any], *, resumes: bool = False, progress: Progress | None = None
) -> Recomputed:
    """Correct every figure that differs from its facts: the courses', then the site's.

    With `resumes`, courses that an interrupted run with the same options has done are left out.
    """
    courses = list(Course.objects.order_by("pk").values_list("pk", flat=True))
    shown = progress or (lambda done, total: None)
    results = fan_out.run(WORK, [courses, [SITE]], options, resumes=resumes, progress=shown)
    with recompute_stale.recompute_lock():
        # what is not the sum of its courses became stale with them
        written = recompute_stale.recompute_stale(waits=True)
    failed = {key for one in results for key in one["failed"]}
    return Recomputed(written + sum(one["written"] for one in results), failed)


@fan_out.shared_work(WORK, together=500)
def _recompute(subjects: Sequence[int], options: Mapping[str, Any]) -> fan_out.Result:
    courses = frozenset(subjects) - {SITE}
    done = run_jobs(_jobs(courses, options), timezone.now(), announces=False)
    transaction.on_commit(done.announce)
    return {"written": done.written, "failed": sorted(done.failed)}


def _jobs(courses: frozenset[int], options: Mapping[str, Any]) -> list[Job]:
    """Return jobs for these courses or, without any, for the site where it sums up its courses."""
    days = date.fromisoformat(options["first"]), date.fromisoformat(options["last"])
    indicators = [one for key, one in REGISTRY.items() if key in options["kpis"]]
    return [
        Job(indicator, chunk, leaves_site=True)
        if courses
        else Job(indicator, [], site_periods=[period for period, _ in chunk])
        for chunk in stale_periods.chunks_of(*days, courses, timezone.now())
        for indicator in indicators
        if courses or indicator.is_additive
    ]
