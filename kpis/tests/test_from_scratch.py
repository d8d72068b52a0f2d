"""Recomputing from scratch finds and corrects figures that differ from their facts."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from curriculum.models import Enrollment
from kpis.definitions.registry import REGISTRY
from kpis.models import Measurement, Verification
from kpis.recompute import from_scratch, recompute_stale
from kpis.tests import kernel
from kpis.tests.kernel import STARTED, moment, run_of, starts, table

pytestmark = pytest.mark.django_db

NOW = moment("2026-07-10T12:00:00")
MARCH = (date(2026, 3, 1), date(2026, 3, 31))


@pytest.fixture(autouse=True)
def _stored(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ada completes what she started on 10 March, Bo does not."""
    kernel.declare(monkeypatch)
    starts("ada", run_of("r1"), "2026-03-10", done=True)
    starts("bo", run_of("s1", course="sql"), "2026-03-10")
    from_scratch.catch_up(NOW)


def differences(first: date = MARCH[0], last: date = MARCH[1]) -> list[str]:
    jobs = from_scratch.jobs_for(from_scratch.aggregated_indicators(), first, last, NOW)
    return [str(one) for one in from_scratch.differences(jobs, NOW)]


def recomputed(first: date = MARCH[0], last: date = MARCH[1]) -> int:
    jobs = from_scratch.jobs_for(from_scratch.aggregated_indicators(), first, last, NOW)
    return from_scratch.recompute(jobs, NOW).written


def stored(scope: str = "site", kind: str = "month") -> Any:
    return Measurement.objects.filter(kpi=STARTED, scope=scope, period_kind=kind)


def test_correct_figures_do_not_differ() -> None:
    assert differences() == []
    assert recomputed() == 0


def test_facts_that_changed_without_stale_days_are_found() -> None:
    Enrollment.objects.filter(learner__key="bo").update(completed_at=NOW)

    # the run, the course and the site, in four kinds of period
    assert len(differences()) == 12
    assert recomputed() == 12
    assert ("site", "", "2026-03-01", 2, 2) in table()
    assert differences() == []


def test_a_wrong_figure_of_the_site_alone_is_found() -> None:
    stored().update(total=0)

    assert differences() == [
        (
            "test.started, month 2026-03, site: "
            "stored 0 ÷ 2 (n 2, 2 learners), recomputed 1 ÷ 2 (n 2, 2 learners)"
        )
    ]
    assert recomputed() == 1


def test_a_figure_without_facts_becomes_empty() -> None:
    Enrollment.objects.filter(learner__key="bo").delete()
    recomputed()

    assert ("course", "sql", "2026-03-01", 0, 0) in table()


def test_a_missing_figure_is_created() -> None:
    stored("course", "quarter").delete()

    assert recomputed() == 2


def test_a_stale_figure_is_no_difference() -> None:
    bo = Enrollment.objects.get(learner__key="bo")
    Enrollment.objects.filter(pk=bo.pk).update(completed_at=NOW)
    kernel.mark_days_stale("test", [(bo.run.course_id, date(2026, 3, 10))])

    assert differences() == []


def test_a_stale_figure_of_another_course_does_not_matter() -> None:
    bo = Enrollment.objects.get(learner__key="bo")
    kernel.mark_days_stale("test", [(bo.run.course_id, date(2026, 3, 10))])
    stored("run").update(total=9)

    assert ["run" in one and "stored 9" in one for one in differences()] == [True]


def test_only_the_requested_periods_are_compared() -> None:
    stored().update(total=0)

    assert differences(date(2026, 4, 1), date(2026, 4, 30)) == []


def night(of: str) -> Verification | None:
    return from_scratch.verify_sample(moment(f"{of}T04:05:00"))


def test_each_sample_contains_the_last_closed_month() -> None:
    first = night("2026-04-11")

    assert first
    assert "2026-03" in first.sample
    assert first.corrected == 0


def test_a_night_has_one_sample() -> None:
    night("2026-04-11")

    assert from_scratch.verify_sample(moment("2026-04-11T05:05:00")) is None
    assert from_scratch.verify_sample(moment("2026-04-12T02:05:00")) is None
    assert night("2026-04-12")


def test_samples_cover_all_of_the_history_over_time() -> None:
    looked = {
        one.first
        for at in range(31)
        for one in from_scratch.sample_of(date(2026, 3, 31) + timedelta(days=at))
        if one.kind == "month"
    }

    assert {date(2026, month, 1) for month in (1, 2, 3)} <= looked


def test_differences_in_the_sample_are_corrected_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stored().update(total=0)
    days = (date(2026, 7, 11) + timedelta(days=at) for at in range(31))
    turn = next(
        day for day in days if MARCH[0] in {one.first for one in from_scratch.sample_of(day)}
    )
    with caplog.at_level(logging.ERROR):
        found = night(turn.isoformat())

    assert found
    assert (found.corrected, stored().get().total) == (1, 1)
    assert "test.started, month 2026-03, site: stored 0 ÷ 2" in found.details
    assert "A stored figure was wrong and has been corrected: test.started" in caplog.text


def test_a_kpi_that_cannot_be_recomputed_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        REGISTRY, STARTED, replace(kernel.INDICATORS[STARTED], facts=kernel.broken())
    )
    jobs = from_scratch.jobs_for(from_scratch.aggregated_indicators(), *MARCH, NOW)

    assert from_scratch.recompute(jobs, NOW).failed == {STARTED}
    with pytest.raises(ZeroDivisionError):
        list(from_scratch.differences(jobs, NOW))


def test_the_lock_is_free_after_a_recomputation() -> None:
    with recompute_stale.recompute_lock(patience=0.0) as is_ours:
        assert is_ours
