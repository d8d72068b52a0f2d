from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any
from unittest.mock import patch

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from accounts.models import User
from alerts import actions
from alerts.evaluation.evaluate import evaluate
from alerts.models import Alert, AlertEvent, EvaluationRun, PendingEvaluation
from alerts.signals import alert_changed
from alerts.tests.alerting import (
    KPI,
    add_rule,
    add_target,
    closing,
    evaluate_months,
    event_kinds,
    store_value,
)
from kpis.tests import kernel
from kpis.tests.measured import course

pytestmark = pytest.mark.django_db(transaction=True)

MAY = closing("2026-05")


@pytest.fixture(autouse=True)
def _two_kpis(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel.declare(monkeypatch)


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Run functions at the same moment, each with its own connection."""
    start = Barrier(len(works))
    ended: list[Any] = []

    def run(work: Callable[[], Any]) -> None:
        start.wait()
        try:
            ended.append(work())
        except ValidationError as error:
            ended.append(error)
        finally:
            connection.close()

    threads = [Thread(target=run, args=(work,)) for work in works]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return ended


def many_misses() -> None:
    add_target()
    add_rule(each="course")
    for at in range(20):
        store_value("2026-05", 60, of=course(f"course-{at}"))


def test_concurrent_evaluations_open_each_alert_once() -> None:
    many_misses()
    written = at_once(*[lambda: evaluate(MAY)] * 4)

    assert sorted(written) == [0, 0, 0, 20]
    assert (Alert.objects.count(), event_kinds()) == (20, ["opened"] * 20)


def test_an_evaluation_and_a_person_closing_leave_one_end() -> None:
    add_target()
    add_rule()
    evaluate_months(("2026-05", 79))
    alert, ada = Alert.objects.get(), User.objects.create_user("ada@example.com")
    store_value("2026-06", 90)

    def close() -> Any:
        with patch("django.utils.timezone.now", return_value=closing("2026-06")):
            return actions.close_as_expected(alert, by=ada, reason="The exam was moved.")

    at_once(lambda: evaluate(closing("2026-06")), close)

    assert [one for one in event_kinds() if one in ("recovered", "closed")] in (
        ["recovered"],
        ["closed"],
    )
    assert Alert.objects.get().closed_at is not None


def test_only_one_of_ten_concurrent_closings_succeeds() -> None:
    add_target()
    add_rule()
    evaluate_months(("2026-05", 79))
    alert, ada = Alert.objects.get(), User.objects.create_user("ada@example.com")
    close = [lambda: actions.close_as_expected(alert, by=ada, reason="The exam was moved.")] * 10
    ended = at_once(*close)

    assert sum(isinstance(one, AlertEvent) for one in ended) == 1
    assert event_kinds() == ["opened", "closed"]


def test_a_failed_evaluation_leaves_nothing_half_done() -> None:
    many_misses()
    PendingEvaluation.objects.create(kpi=KPI, period_kind="month")

    def fail(**_: object) -> None:
        raise RuntimeError("The machine is away.")

    alert_changed.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            evaluate(MAY)
    finally:
        alert_changed.disconnect(fail)

    assert not Alert.objects.exists()
    assert not AlertEvent.objects.exists()
    assert not EvaluationRun.objects.exists()
    assert PendingEvaluation.objects.filter(kpi=KPI).count() == 1
    assert evaluate(MAY) == 20
