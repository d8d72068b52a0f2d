from __future__ import annotations

import pytest

from alerts.evaluation.evaluate import evaluate
from alerts.models import Alert
from alerts.tests.alerting import (
    add_rule,
    add_target,
    closing,
    event_kinds,
    notified_kinds,
    store_value,
)
from curriculum.models import Course, Module
from kpis.tests import kernel
from kpis.tests.measured import course

pytestmark = pytest.mark.django_db

MAY = closing("2026-05")


@pytest.fixture(autouse=True)
def _two_kpis(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel.declare(monkeypatch)


def test_each_course_has_its_own_alert_by_its_own_target() -> None:
    py, sql = course("py"), course("sql")
    add_target()
    add_target(60, course=sql)
    add_rule(each="course")
    store_value("2026-05", 79, of=py)
    store_value("2026-05", 79, of=sql)
    evaluate(MAY)

    assert list(Alert.objects.values_list("scope", "course__key")) == [("course", "py")]


def a_weak_module(of: Course) -> Module:
    """Module one of two is far below the target, the other just on it."""
    one, two = of.modules.order_by("position")
    store_value("2026-05", 60, of=one)
    store_value("2026-05", 85, of=two)
    return one


def test_a_significantly_weak_module_has_its_alert() -> None:
    weak = a_weak_module(course("py", "one", "two"))
    add_target()
    add_rule(each="module")
    evaluate(MAY)

    assert list(Alert.objects.values_list("scope", "scope_id")) == [("module", weak.pk)]


def held_back() -> tuple[Course, Module]:
    """A course's alert is open in May, and holds back that of its weak module."""
    py = course("py", "one", "two")
    weak = a_weak_module(py)
    store_value("2026-05", 72, of=py)
    add_target()
    add_rule(each="module")
    add_rule(each="course")
    evaluate(MAY)
    return py, weak


def test_the_alert_of_a_course_holds_back_those_of_its_modules() -> None:
    held_back()

    assert (event_kinds(), notified_kinds()) == (["opened", "inhibited"], ["opened"])
    held = Alert.objects.get(scope="module")
    assert held.inhibited_by == Alert.objects.get(scope="course")


def test_a_module_notifies_once_its_course_has_recovered() -> None:
    py, weak = held_back()
    store_value("2026-06", 90, of=py)
    store_value("2026-06", 60, of=weak)
    evaluate(closing("2026-06"))

    assert notified_kinds() == ["opened", "recovered", "opened"]
    assert Alert.objects.open().get().inhibited_by is None


def test_a_released_module_without_data_notifies_once_it_fires_again() -> None:
    py, weak = held_back()
    store_value("2026-06", 90, of=py)
    evaluate(closing("2026-06"))
    assert notified_kinds() == ["opened", "recovered"]

    store_value("2026-07", 60, of=weak)
    evaluate(closing("2026-07"))
    assert notified_kinds() == ["opened", "recovered", "opened"]


def test_an_alert_that_never_notified_recovers_silently() -> None:
    py, weak = held_back()
    store_value("2026-06", 72, of=py)
    store_value("2026-06", 90, of=weak)
    evaluate(closing("2026-06"))

    assert (event_kinds(), notified_kinds()) == (["opened", "inhibited", "recovered"], ["opened"])
