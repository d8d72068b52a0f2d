from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from alerts.evaluation.evaluate import evaluate
from alerts.evaluation.rule_preview import preview
from alerts.models import Alert, EvaluationRun, PendingEvaluation
from alerts.tests.alerting import (
    add_rule,
    add_target,
    closing,
    evaluate_months,
    event_kinds,
    last_reason,
    notified_kinds,
    open_states,
    store_value,
)
from curriculum.models import Course, CourseRun
from kpis.models import DataFreshness
from kpis.tests import kernel
from kpis.tests.measured import course

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 10, 12, tzinfo=UTC)
MAY = closing("2026-05")


@pytest.fixture(autouse=True)
def _two_kpis(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel.declare(monkeypatch)


def fed(of: Course, through: datetime) -> None:
    DataFreshness.objects.update_or_create(
        category="test", course=of, defaults={"data_through": through, "received_at": through}
    )


def days(count: float) -> datetime:
    """So many days ago."""
    return NOW - timedelta(days=count)


def test_stale_data_and_their_return_notify_once() -> None:
    py = course("py")
    add_rule(metric="stale")
    fed(py, days(7))
    evaluate(NOW)
    assert event_kinds() == []

    evaluate(NOW + timedelta(hours=1))
    evaluate(NOW + timedelta(hours=2))
    evaluate(NOW + timedelta(days=1))
    assert event_kinds() == ["opened"]
    assert open_states() == ["firing"]

    fed(py, NOW + timedelta(days=1))
    evaluate(NOW + timedelta(days=1, hours=1))
    assert notified_kinds() == ["opened", "recovered"]


def test_a_return_of_data_on_the_same_day_is_a_recovery() -> None:
    py = course("py")
    add_rule(metric="stale")
    fed(py, days(9))
    evaluate(NOW)
    fed(py, NOW)
    evaluate(NOW + timedelta(hours=1))

    assert event_kinds() == ["opened", "recovered"]


def test_the_site_is_as_fresh_as_its_freshest_course() -> None:
    fed(course("py"), days(20))
    fed(course("sql"), days(1))
    add_rule(metric="stale")
    evaluate(NOW)

    assert event_kinds() == []


def test_each_course_rules_alert_about_the_stale_course() -> None:
    py = course("py")
    fed(py, days(20))
    fed(course("sql"), days(1))
    add_rule(metric="stale", each="course")
    evaluate(NOW)

    assert [one.course for one in Alert.objects.all()] == [py]
    assert last_reason() == "The latest data is 20 days old."


def test_an_ended_course_is_not_stale() -> None:
    py = course("py")
    CourseRun.objects.create(
        course=py, key="r1", starts_on=date(2026, 1, 1), ends_on=date(2026, 5, 1)
    )
    fed(py, days(20))
    add_rule(metric="stale", each="course")
    evaluate(NOW)

    assert event_kinds() == []


def test_stale_data_have_no_preview() -> None:
    assert "no preview" in preview(add_rule(metric="stale"), NOW).sentence


def test_checking_only_stale_data_logs_no_run() -> None:
    add_rule(metric="stale")
    evaluate(NOW)
    evaluate(NOW + timedelta(minutes=1))

    assert EvaluationRun.objects.count() == 1


def test_a_month_beyond_the_data_is_stale_and_fires_later() -> None:
    py = course("py")
    # May ends at the end of the 31st, and the 20th is eleven days before
    fed(py, datetime(2026, 5, 20, tzinfo=UTC))
    add_target()
    add_rule()
    assert evaluate_months(("2026-05", 79)) == []
    assert PendingEvaluation.objects.get().not_before == MAY + timedelta(hours=1)

    fed(py, MAY)
    evaluate(MAY + timedelta(hours=1))
    assert event_kinds() == ["opened"]
    assert not PendingEvaluation.objects.exists()


def test_an_open_alert_stays_open_over_stale_months() -> None:
    py = course("py")
    fed(py, MAY)
    add_target()
    add_rule()
    evaluate_months(("2026-05", 79))
    store_value("2026-06", 90)
    evaluate(closing("2026-06"))

    assert (event_kinds(), open_states()) == (["opened"], ["stale"])
