from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from unittest.mock import patch

import pytest

from core.database.locks import try_lock
from dashboard.live import versions
from kpis import tasks
from kpis.definitions.periods import containing
from kpis.definitions.registry import REGISTRY
from kpis.recompute import at_once, jobs, recompute_stale, stale_periods
from kpis.recompute.job import Job
from kpis.recompute.jobs import Recomputed
from kpis.recompute.store_measurements import Cell, Change
from kpis.statistics.intervals import NOTHING
from kpis.tests import kernel
from kpis.tests.measured import COMPLETION, NOW, course


def written(number: int) -> Callable[..., None]:
    """Replace the recomputation: pretend that each course of a job has this many new figures."""

    def run_together(batch: Sequence[Job], _: datetime, done: Recomputed) -> None:
        for job in batch:
            for pk in job.courses:
                cell = Cell(job.all_periods[0], "course", pk, pk, NOTHING)
                done.note(job.indicator, number * [Change(cell, None)])
            stale_periods.remove(list(job.row_ids))

    return run_together


@pytest.mark.django_db
def test_each_period_kind_is_published_as_soon_as_it_is_recomputed() -> None:
    published: list[set[str]] = []

    def record(changed: Sequence[str]) -> None:
        published.append(set(changed))

    python = course("py")
    kernel.mark_days_stale("engagement", [(python.pk, NOW.date())])
    with (
        patch.object(at_once, "MOST_ROWS", 0),
        patch.object(jobs, "run_together", written(1)),
        patch.object(
            versions, "publish_change", side_effect=lambda one: published.append(set(one))
        ),
    ):
        recompute_stale.recompute_stale(now=NOW)

    kinds = ("month", "week", "day", "quarter")
    assert published == [{f"engagement.{one}", f"engagement.{one}.{python.pk}"} for one in kinds]


@pytest.mark.django_db
def test_data_that_arrives_during_a_recomputation_is_recomputed_up_to_its_own_time() -> None:
    """Otherwise the mark would be removed without its event in any figure."""
    moments = []
    python = course("py")

    def arrive_once(jobs: Sequence[Job], at: datetime, **_: Any) -> Recomputed:
        moments.append(at)
        stale_periods.remove(list(jobs[0].row_ids))
        if len(moments) == 1:
            kernel.mark_days_stale("engagement", [(python.pk, at.date())])
        return Recomputed()

    kernel.mark_days_stale("engagement", [(python.pk, NOW.date())])
    with (
        patch.object(at_once, "MOST_ROWS", 0),
        patch.object(recompute_stale, "run_jobs", side_effect=arrive_once),
    ):
        recompute_stale.recompute_stale()

    assert moments[-1] > moments[0]


@pytest.mark.once
@pytest.mark.django_db
def test_only_one_task_recomputes_at_a_time() -> None:
    is_free: list[bool] = []

    def look(**_: Any) -> int:
        with try_lock("recompute-stale") as held:
            is_free.append(held)
        return 0

    with patch.object(recompute_stale, "recompute_stale", side_effect=look):
        tasks.recompute()
        tasks.recompute()

    assert is_free == [False, False]


@pytest.mark.once
@pytest.mark.django_db
def test_a_task_waits_for_a_running_one_but_not_for_long() -> None:
    with (
        patch.object(tasks, "WAIT_FOR", 0.1),
        patch.object(recompute_stale, "recompute_stale") as measuring,
        try_lock("recompute-stale"),
    ):
        assert tasks.recompute() == 0

    measuring.assert_not_called()


@pytest.mark.django_db
def test_an_unchanged_figure_is_not_published() -> None:
    period = containing(NOW.date(), "month", NOW.tzinfo)  # type: ignore[arg-type]
    job = Job(REGISTRY[COMPLETION], [(period, frozenset({1}))])
    with (
        patch.object(jobs, "run_together", written(0)),
        patch.object(versions, "publish_change") as publish,
    ):
        jobs.run_jobs([job], NOW)

    publish.assert_not_called()
