"""Notifications contain only figures that reveal no small group to their readers."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from accounts.tests.people import account, course
from alerts.evaluation.write_alerts import record_events
from alerts.models import Alert, AlertEvent
from alerts.tests.alerting import store_value
from curriculum.models import Course
from kpis.tests import kernel
from notifications.models import Notification
from notifications.tests.notifying import NOON, create_alert, only_channel

pytestmark = pytest.mark.django_db

HOOK = "https://hooks.example.org/x"
BO, CLEO = "bo@example.com", "cleo@example.com"


@pytest.fixture(autouse=True)
def _two_kpis(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel.declare(monkeypatch)


@pytest.fixture
def py() -> Course:
    """Store June: 13 learners of Python, 7 of SQL, which is hidden, and 11 of UX, hidden with it.

    So a reader of all courses sees Python and the total of 31.
    """
    made = [course("py"), course("sql"), course("ux")]
    for one, n in zip(made, (13, 7, 11), strict=True):
        store_value("2026-06", 79, n=n, of=one)
    store_value("2026-06", 79, n=31)
    return made[0]


def courses(*keys: str) -> tuple[Course, ...]:
    return tuple(Course.objects.filter(key__in=keys))


def sent(alert: Alert) -> dict[str, Any]:
    """Record an event and return whether figures were sent, by address."""
    event = AlertEvent(
        alert=alert, kind="opened", at=NOON, notifies=True, reason="79%",
        period_start=date(2026, 6, 1), value=79, target=85, n=13,
    )  # fmt: skip
    record_events([event])
    return {row.to: "n" in row.payload for row in Notification.objects.all()}


def test_each_reader_gets_the_figures_of_their_own_pages(py: Course) -> None:
    account("Bo", grants=courses("py", "sql"))
    account("Cleo", grants=courses("py", "sql", "ux"))
    only_channel("email")

    # Bo sees the 20 of both courses: with the 13 the 7 of SQL would follow
    assert sent(create_alert(py)) == {BO: False, CLEO: True}


def test_a_webhook_gets_no_figure_from_which_a_manager_could_subtract(py: Course) -> None:
    only_channel("webhook", HOOK)
    account("Cleo", grants=courses("py", "sql", "ux"))
    assert sent(create_alert(py)) == {"": True}

    Notification.objects.all().delete()
    account("Bo", grants=courses("py", "sql"))
    assert sent(create_alert(py)) == {"": False}


def test_an_unknown_address_gets_no_more_than_a_webhook(py: Course) -> None:
    only_channel("email", "list@example.org")
    account("Bo", grants=courses("py", "sql"))

    assert sent(create_alert(py)) == {"list@example.org": False}


def test_a_figure_of_all_courses_is_hidden_if_the_remainder_is_small(py: Course) -> None:
    only_channel("webhook", HOOK)
    assert sent(create_alert()) == {"": True}

    Notification.objects.all().delete()
    # Dee sees the 24 of Python and UX: of the 31, 7 are left
    account("Dee", grants=courses("py", "ux"))
    assert sent(create_alert()) == {"": False}


def test_a_notification_in_the_product_links_to_the_page(py: Course) -> None:
    only_channel("in_app")
    account("Bo", grants=courses("py", "sql"))

    assert sent(create_alert(py)) == {"": True}
