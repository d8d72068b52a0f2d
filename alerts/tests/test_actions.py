from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import User
from alerts import actions
from alerts.evaluation.evaluate import evaluate
from alerts.models import Alert, AlertEvent
from alerts.tests.alerting import (
    add_rule,
    add_target,
    closing,
    evaluate_months,
    event_kinds,
    last_reason,
    notified_kinds,
    store_value,
)
from kpis.tests import kernel

pytestmark = pytest.mark.django_db

MAY = closing("2026-05")


@pytest.fixture(autouse=True)
def _two_kpis(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel.declare(monkeypatch)


@pytest.fixture(autouse=True)
def _in_june_2026() -> Iterator[None]:
    with patch("django.utils.timezone.now", return_value=MAY + timedelta(hours=1)):
        yield


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada@example.com", name="Ada")


@pytest.fixture
def alert() -> Alert:
    add_target()
    add_rule()
    evaluate_months(("2026-05", 79))
    return Alert.objects.get()


def test_acknowledging_makes_you_the_owner(alert: Alert, ada: User) -> None:
    actions.acknowledge(alert, by=ada, note="I look into it.")
    alert.refresh_from_db()

    assert (alert.owner, alert.acknowledged_by, alert.note) == (ada, ada, "I look into it.")
    assert event_kinds() == ["opened", "acknowledged"]
    assert AlertEvent.objects.latest("pk").by == ada


def test_another_owner_can_be_named(alert: Alert, ada: User) -> None:
    bo = User.objects.create_user("bo@example.com", name="Bo")
    actions.acknowledge(alert, by=ada, owner=bo)

    assert (alert.owner, alert.acknowledged_by) == (bo, ada)


def test_a_snoozed_alert_notifies_when_the_snooze_ends(alert: Alert, ada: User) -> None:
    until = timezone.now() + timedelta(days=3)
    actions.snooze(alert, by=ada, until=until, reason="The holidays.")
    evaluate(until - timedelta(seconds=1))
    assert notified_kinds() == ["opened"]

    evaluate(until)
    assert notified_kinds() == ["opened", "unsnoozed"]
    assert last_reason() == "The snooze has ended."


@pytest.mark.parametrize("june", [None, 84])
def test_a_snooze_that_ends_while_nothing_fires_notifies_when_it_fires_again(
    alert: Alert, ada: User, june: int | None
) -> None:
    actions.snooze(alert, by=ada, until=closing("2026-06"), reason="The holidays.")
    if june:
        store_value("2026-06", june)
    evaluate(closing("2026-06"))
    assert notified_kinds() == ["opened"]

    evaluate_months(("2026-07", 79))
    assert notified_kinds() == ["opened", "unsnoozed"]
    evaluate(closing("2026-07") + timedelta(hours=1))
    assert notified_kinds() == ["opened", "unsnoozed"]


def test_a_snooze_that_ends_before_a_recovery_does_not_notify(alert: Alert, ada: User) -> None:
    actions.snooze(alert, by=ada, until=closing("2026-06"), reason="The holidays.")
    evaluate(closing("2026-06"))
    evaluate_months(("2026-07", 90))

    assert notified_kinds() == ["opened", "recovered"]


def test_a_snoozed_alert_does_not_notify(alert: Alert, ada: User) -> None:
    actions.snooze(alert, by=ada, until=timezone.now() + timedelta(days=999), reason="Known.")
    store_value("2026-06", 60)
    evaluate(closing("2026-06"))

    assert (event_kinds(), notified_kinds()) == (["opened", "snoozed", "worsened"], ["opened"])


def test_a_snooze_can_be_ended_by_hand(alert: Alert, ada: User) -> None:
    actions.snooze(alert, by=ada, until=timezone.now() + timedelta(days=3), reason="The holidays.")
    actions.unsnooze(alert, by=ada)

    assert Alert.objects.get().snoozed_until is None
    with pytest.raises(ValidationError, match="not snoozed"):
        actions.unsnooze(alert, by=ada)


@pytest.mark.parametrize("days", [0, -1])
def test_a_snooze_must_end_in_the_future(alert: Alert, ada: User, days: int) -> None:
    with pytest.raises(ValidationError, match="in the future"):
        actions.snooze(alert, by=ada, until=timezone.now() + timedelta(days=days), reason="Known.")


def test_an_alert_closed_as_expected_stays_closed(alert: Alert, ada: User) -> None:
    actions.close_as_expected(alert, by=ada, reason="The exam was moved.")
    evaluate_months(("2026-06", 79), ("2026-07", 78))

    assert event_kinds() == ["opened", "closed"]
    assert Alert.objects.get().closed_by == ada


def test_an_alert_closed_as_expected_reopens_when_it_is_a_quarter_worse(
    alert: Alert, ada: User
) -> None:
    actions.close_as_expected(alert, by=ada, reason="The exam was moved.")
    # the gap of 6 points has become one of 8
    evaluate_months(("2026-06", 77))

    assert notified_kinds() == ["opened", "closed", "reopened"]
    assert Alert.objects.get().closed_by is None


def test_an_alert_closed_as_expected_opens_again_after_a_recovery(alert: Alert, ada: User) -> None:
    actions.close_as_expected(alert, by=ada, reason="The exam was moved.")
    evaluate_months(("2026-06", 86), ("2026-07", 79))

    assert event_kinds() == ["opened", "closed", "opened"]


@pytest.mark.parametrize("text", ["", "  "])
def test_comments_and_reasons_are_required(alert: Alert, ada: User, text: str) -> None:
    with pytest.raises(ValidationError, match="Enter a comment"):
        actions.comment(alert, by=ada, text=text)
    with pytest.raises(ValidationError, match="Enter a reason for closing the alert"):
        actions.close_as_expected(alert, by=ada, reason=text)


def test_closing_a_closed_alert_is_an_error(alert: Alert, ada: User) -> None:
    seen_before = Alert.objects.get()
    actions.close_as_expected(alert, by=ada, reason="The exam was moved.")

    with pytest.raises(ValidationError, match="already closed"):
        actions.close_as_expected(seen_before, by=ada, reason="The exam was moved.")
    assert event_kinds() == ["opened", "closed"]


def test_a_closed_alert_can_be_commented_on(alert: Alert, ada: User) -> None:
    actions.close_as_expected(alert, by=ada, reason="The exam was moved.")
    actions.comment(alert, by=ada, text="It was so last year too.")

    assert last_reason() == "It was so last year too."
