"""Workers at the same time share the courses; none loses or overwrites a figure."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread, current_thread
from typing import Any
from unittest.mock import patch

import pytest
from django.core.cache import cache
from django.db import connection

from curriculum.models import Course
from kpis.models import StaleDay, StalePeriod
from kpis.recompute import at_once, claims, compute_cells, jobs, recompute_stale, site_sums
from kpis.tests import kernel
from kpis.tests.kernel import run_of, starts, table
from kpis.tests.two_runs import NOW

pytestmark = pytest.mark.django_db(transaction=True)

COURSES = ("go", "js", "py", "sql")


@pytest.fixture(autouse=True)
def _two_kpis(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel.declare(monkeypatch)


def in_another_process(work: Callable[[], Any]) -> Thread:
    """Start work with a connection of its own, as another process would have."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = Thread(target=run)
    thread.start()
    return thread


def worker() -> None:
    with recompute_stale.recompute_lock():
        recompute_stale.recompute_stale(now=NOW)


def in_four_courses() -> None:
    for at, key in enumerate(COURSES, start=1):
        starts("ada", run_of(f"{key}-1", course=key), f"2026-03-1{at}", done=True)
        starts("bo", run_of(f"{key}-2", course=key), "2026-03-10")


def everything() -> dict[str, Any]:
    return {kind: table(kind) for kind in ("month", "week", "day", "quarter")}


def during_the_first_read(act: Callable[[], None]) -> Any:
    """Patch reading facts: act once, in the middle of a claim."""
    real, first = compute_cells.compute_all, iter([True])

    def compute_all(*args: Any, **more: Any) -> Any:
        cells = real(*args, **more)
        if next(first, False):
            act()
        return cells

    return patch.object(jobs, "compute_all", compute_all)


def test_two_workers_share_the_courses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "COURSES_PER_CLAIM", 1)
    in_four_courses()
    by_worker: dict[str, set[int]] = {}
    real = jobs.changes_of

    def changes_of(some: Any, now: Any) -> Any:
        for job in some:
            by_worker.setdefault(current_thread().name, set()).update(job.courses)
        return real(some, now)

    def let_another_work() -> None:
        # on SQLite it waits for this one
        in_another_process(worker).join(timeout=20 if connection.vendor == "postgresql" else 0.1)

    with patch.object(at_once, "changes_of", changes_of):
        with during_the_first_read(let_another_work):
            worker()
        in_another_process(worker).join()

    both = everything()
    assert set.union(*by_worker.values()) == set(Course.objects.values_list("pk", flat=True))
    if connection.vendor == "postgresql":
        assert sorted(len(courses) for courses in by_worker.values()) == [1, 3]
    assert alone() == both


def test_a_large_backlog_is_shared_once_another_worker_finds_nothing_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(claims, "LARGE", 0)
    monkeypatch.setattr(at_once, "MOST_ROWS", 0)
    cache.delete(claims.SHARED)
    in_four_courses()
    sizes: list[int] = []
    real = jobs.run_jobs

    def run_jobs(some: Any, *args: Any, **more: Any) -> Any:
        courses = {course for job in some for course in job.courses}
        if courses:
            sizes.append(len(courses))
            # the first step has made stale periods of the days
            if len(sizes) == 2:
                in_another_process(look_for_work).join()
        return real(some, *args, **more)

    def look_for_work() -> None:
        with claims.claim_free(list(Course.objects.values_list("pk", flat=True))) as found:
            assert not found or connection.vendor == "sqlite"

    with patch.object(recompute_stale, "run_jobs", run_jobs):
        worker()

    cache.delete(claims.SHARED)
    assert sizes[:2] == [4, 4]
    assert set(sizes[2:]) == {1 if connection.vendor == "postgresql" else 4}
    both = everything()
    assert alone() == both


def alone() -> dict[str, Any]:
    """Return all figures as one worker computes them from the same facts."""
    for course in Course.objects.all():
        for run in course.runs.all():
            for one in run.enrollments.all():
                kernel.mark_days_stale("test", [(course.pk, one.started_at.date())])
    worker()
    return everything()


def test_a_course_that_changes_while_it_is_recomputed_is_recomputed_again() -> None:
    run = run_of("r1")
    starts("ada", run, "2026-03-10", done=True)

    def change() -> None:
        other = in_another_process(lambda: starts("bo", run, "2026-03-10"))
        other.join(timeout=20)
        # whoever changes facts waits for no claim
        assert not other.is_alive()

    with during_the_first_read(change):
        worker()

    assert ("site", "", "2026-03-01", 1, 2) in table()
    assert ("course", "py", "2026-03-01", 1, 2) in table()
    assert not StalePeriod.objects.exists()
    assert not StaleDay.objects.exists()


def test_a_slow_worker_overwrites_no_newer_figure() -> None:
    run = run_of("r1")
    starts("ada", run, "2026-03-10", done=True)
    others: list[Thread] = []

    def change_and_recompute() -> None:
        in_another_process(lambda: starts("bo", run, "2026-03-10")).join()
        others.append(in_another_process(worker))
        others[0].join(timeout=1)

    with during_the_first_read(change_and_recompute):
        worker()
    others[0].join()

    assert ("course", "py", "2026-03-01", 1, 2) in table()
    assert ("site", "", "2026-03-01", 1, 2) in table()


def test_the_site_includes_a_course_that_changes_while_it_is_summed_up() -> None:
    starts("ada", run_of("r1"), "2026-03-10", done=True)
    worker()
    other = run_of("s1", course="sql")
    real, first = site_sums.site_changes, iter([True])

    def site_changes(*args: Any) -> Any:
        found = real(*args)
        if next(first, False):
            in_another_process(lambda: starts("bo", other, "2026-03-10")).join()
            in_another_process(worker).join(timeout=1)
        return found

    starts("cleo", run_of("r2"), "2026-03-10")
    with patch.object(jobs, "site_changes", site_changes):
        worker()
    worker()

    assert ("site", "", "2026-03-01", 1, 3) in table()


def test_who_recomputes_everything_waits_for_the_claims_of_others() -> None:
    run = run_of("r1")
    starts("ada", run, "2026-03-10")
    ended: list[str] = []

    def everything_is_done() -> None:
        with recompute_stale.recompute_lock():
            recompute_stale.recompute_stale(now=NOW, waits=True)
        ended.append("other")

    others: list[Thread] = []

    def start_another() -> None:
        others.append(in_another_process(everything_is_done))
        others[0].join(timeout=0.3)
        ended.append("reading")

    with during_the_first_read(start_another):
        worker()
    others[0].join()

    assert ended == ["reading", "other"]
