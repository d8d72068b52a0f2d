from __future__ import annotations

from datetime import datetime, timedelta
from unittest.mock import patch

import pytest

from curriculum.models import Enrollment
from kpis.models import Measurement, Restatement
from kpis.recompute import recompute_stale
from kpis.tests import kernel
from kpis.tests.kernel import STARTED, moment, run_of, starts, table
from kpis.tests.two_runs import NOW, everybody, in_two_runs, measured

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _two_kpis(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel.declare(monkeypatch)


def late_completion(now: datetime) -> None:
    in_two_runs()
    measured()
    Enrollment.objects.filter(learner__key="bo").update(completed_at=NOW)
    kernel.mark_days_stale(
        "test", [(one.run.course_id, one.started_at.date()) for one in everybody()]
    )
    measured(now)


def test_the_old_value_of_a_closed_period_is_kept() -> None:
    later = NOW + timedelta(days=1)
    late_completion(later)
    site = Measurement.objects.get(kpi=STARTED, scope="site", period_kind="month")
    before = Restatement.objects.get(measurement=site)

    assert (site.total, site.n, site.restated_at) == (2, 2, later)
    assert (before.total, before.n, before.computed_at, before.restated_at) == (1, 2, NOW, later)
    # of the site, the course and Bo's run, in four kinds of period; Ada's run stays as it was
    assert Restatement.objects.count() == 12


def test_one_old_value_is_kept_per_day() -> None:
    later = NOW + timedelta(days=1)
    late_completion(later)
    for hours, name in ((1, "cleo"), (2, "dee"), (24, "eli")):
        starts(name, run_of(f"run of {name}"), "2026-03-10")
        measured(later + timedelta(hours=hours))
    site = Measurement.objects.get(kpi=STARTED, scope="site", period_kind="month")

    assert (site.n, site.restated_at) == (5, later + timedelta(hours=24))
    # one of two had completed at the start of the first day, two of four at that of the next
    assert [(one.total, one.n) for one in site.restatements.order_by("restated_at")] == [
        (1, 2), (2, 4),
    ]  # fmt: skip


def test_the_time_of_a_restatement_stays() -> None:
    later = NOW + timedelta(days=1)
    late_completion(later)
    starts("cleo", run_of("r3"), "2026-03-10")
    with patch("kpis.recompute.store_measurements.Restatement.objects.bulk_create"):
        measured(later + timedelta(days=1))
    run = Measurement.objects.get(scope="run", period_kind="month", total=1, restated_at=later)

    assert run.n == 1


@pytest.mark.parametrize("now", ["2026-03-20T12:00:00", "2026-04-03T23:59:59"])
def test_nothing_is_restated_until_the_close_lag_is_over(now: str) -> None:
    in_two_runs()
    measured(moment("2026-03-15T12:00:00"))
    Enrollment.objects.filter(learner__key="bo").update(completed_at=NOW)
    kernel.mark_days_stale(
        "test", [(one.run.course_id, one.started_at.date()) for one in everybody()]
    )
    measured(moment(now))
    month = Measurement.objects.get(kpi=STARTED, scope="site", period_kind="month")

    assert (month.total, month.restated_at) == (2, None)


def test_completing_an_unfinished_value_after_an_outage_is_no_restatement() -> None:
    in_two_runs()
    measured(moment("2026-03-15T12:00:00"))
    starts("cleo", run_of("r3"), "2026-03-20")
    measured()
    month = Measurement.objects.get(kpi=STARTED, scope="site", period_kind="month")

    assert (month.n, month.restated_at) == (3, None)


def test_a_complete_value_is_restated_however_old_it_is() -> None:
    in_two_runs()
    measured(moment("2026-03-15T12:00:00"))
    recompute_stale.recompute_open(moment("2026-04-10T12:00:00"))
    starts("cleo", run_of("r3"), "2026-03-20")
    measured()
    month = Measurement.objects.get(kpi=STARTED, scope="site", period_kind="month")

    assert (month.n, month.restated_at) == (3, NOW)


def test_a_cell_that_became_empty_is_stored_as_empty() -> None:
    in_two_runs()
    measured()
    Enrollment.objects.filter(learner__key="bo").update(withdrawn_at=moment("2026-03-01"))
    kernel.mark_days_stale(
        "test", [(one.run.course_id, one.started_at.date()) for one in everybody()]
    )
    measured()

    assert table() == {
        ("site", "", "2026-03-01", 1, 1),
        ("course", "py", "2026-03-01", 1, 1),
        ("run", "r1", "2026-03-01", 1, 1),
        ("run", "r2", "2026-03-01", 0, 0),
    }
