"""Which notifications are written, to whom, and when they are due."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from accounts.tests.people import account, course, moment
from alerts import actions
from alerts.tests.alerting import add_rule, add_target, closing, evaluate_months
from kpis.tests import kernel
from notifications.delivery.deliver import DeliveryRun
from notifications.inbox import mark_read, unread_of
from notifications.models import Channel, Notification
from notifications.outbox import enqueue, next_notify_time
from notifications.shipped_channels import SHIPPED, create_missing
from notifications.tests.notifying import NOON, create_alert, only_channel, outbox, record

pytestmark = pytest.mark.django_db
HOOK = "https://hooks.example.org/x"
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(autouse=True)
def _two_kpis(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel.declare(monkeypatch)


def test_a_site_ships_with_two_channels() -> None:
    Channel.objects.all().delete()
    create_missing()
    create_missing()

    assert sorted(Channel.objects.values_list("kind", flat=True)) == ["email", "in_app"]
    assert len(SHIPPED) == 2


def test_an_alert_and_its_recovery_notify_once() -> None:
    only_channel("webhook", HOOK)
    add_target(85)
    add_rule()
    evaluate_months(("2026-04", 79), ("2026-05", 79))
    Notification.objects.update(state="sent", sent_at=closing("2026-05"), batch="x")
    evaluate_months(("2026-06", 95))

    assert outbox() == [("opened", "sent"), ("recovered", "waiting")]


def test_a_rolled_back_event_sends_nothing() -> None:
    only_channel("webhook", HOOK)
    alert = create_alert()
    with pytest.raises(RuntimeError), transaction.atomic():
        broken(alert)

    assert outbox() == []


def broken(alert: object) -> None:
    record(alert)  # type: ignore[arg-type]
    raise RuntimeError


def test_enqueuing_twice_notifies_once() -> None:
    only_channel("webhook", HOOK)
    event = record(create_alert())
    enqueue(event)

    assert outbox() == [("opened", "waiting")]


def test_an_event_that_does_not_notify_writes_nothing() -> None:
    only_channel("webhook", HOOK)
    record(create_alert(), "commented", notifies=False)

    assert outbox() == []


def test_acknowledging_drops_unsent_notifications() -> None:
    only_channel("webhook", HOOK)
    alert = create_alert()
    record(alert)
    actions.acknowledge(alert, by=account("Ada"))
    record(alert, "worsened")

    assert outbox() == [("opened", "dropped"), ("worsened", "waiting")]


def test_a_recovery_is_sent_only_to_earlier_recipients() -> None:
    heard = only_channel("webhook", HOOK)
    alert = create_alert()
    record(alert)
    Notification.objects.update(state="sent", sent_at=NOON, batch="x")
    Channel.objects.create(kind="slack", name="New since", address=HOOK)
    record(alert, "recovered")

    assert list(Notification.objects.filter(event__kind="recovered").values_list("channel")) == [
        (heard.pk,)
    ]


def test_an_alert_that_was_not_sent_recovers_silently() -> None:
    only_channel("webhook", HOOK)
    alert = create_alert()
    record(alert)
    record(alert, "recovered")

    assert outbox() == [("opened", "dropped")]


@pytest.mark.parametrize(("severity", "count"), [("info", 0), ("warning", 1), ("critical", 1)])
def test_a_channel_receives_alerts_from_its_minimum_severity(severity: str, count: int) -> None:
    only_channel("webhook", HOOK, min_severity="warning")
    record(create_alert(severity=severity))

    assert len(outbox()) == count


def test_a_limited_channel_receives_only_its_courses() -> None:
    python, sql = course("py"), course("sql")
    only_channel("webhook", HOOK, is_limited=True).courses.add(python)
    for of in (python, sql, None):
        record(create_alert(of))

    assert list(Notification.objects.values_list("course", flat=True)) == [python.pk]


def test_deleting_a_channel_s_last_course_opens_no_other() -> None:
    python = course("py")
    only_channel("webhook", HOOK, is_limited=True).courses.add(python)
    python.delete()
    record(create_alert(course("sql")))

    assert outbox() == []


def test_a_channel_limited_to_one_rule_receives_no_other() -> None:
    mine, other = add_rule(), add_rule()
    only_channel("webhook", HOOK).rules.add(mine)
    record(create_alert(rule=other))
    record(create_alert(rule=mine))

    assert len(outbox()) == 1


def test_the_owner_is_notified_instead_of_the_managers() -> None:
    only_channel("email")
    python = course()
    ada, _ = account("Ada", grants=(python,)), account("Bo", grants=(python,))
    record(create_alert(python, owner=ada))

    assert list(Notification.objects.values_list("to", flat=True)) == ["ada@example.com"]


def test_an_owner_who_may_not_see_the_course_is_not_notified() -> None:
    only_channel("email")
    record(create_alert(course(), owner=account("Cleo")))

    assert outbox() == []


def test_figures_of_a_small_group_are_not_sent() -> None:
    only_channel("webhook", HOOK)
    add_target(85)
    add_rule(min_n=1, mode="point")
    evaluate_months(("2026-05", 50), n=8)
    payload = Notification.objects.get().payload

    assert "small group" in payload["why"]
    assert "value" not in payload


def test_events_at_night_notify_in_the_morning() -> None:
    only_channel("webhook", HOOK)
    rule = add_rule(hours_from=time(9), hours_until=time(17), weekdays=[1, 2, 3, 4, 5])
    friday_evening = moment("2026-07-17T20:00")
    record(create_alert(rule=rule), at=friday_evening)

    assert DeliveryRun(clock=lambda: friday_evening).deliver() == 0
    assert Notification.objects.get().next_try_at == moment("2026-07-20T09:00")


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-03-27T08:59", "2026-03-27T09:00"),
        ("2026-03-27T09:00", "2026-03-27T09:00"),
        ("2026-03-27T16:59", "2026-03-27T16:59"),
        # over a weekend in which the clocks change
        ("2026-03-27T17:00", "2026-03-30T09:00"),
    ],
)
def test_the_window_opens_in_the_provider_s_zone(now: str, opens: str) -> None:
    found = next_notify_time(
        berlin(now), BERLIN, start=time(9), end=time(17), weekdays={1, 2, 3, 4, 5}
    )

    assert found == berlin(opens)


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def test_without_hours_people_are_notified_at_once() -> None:
    assert next_notify_time(NOON, BERLIN, start=None, end=None, weekdays=()) == NOON


def test_a_reader_has_unread_notifications_of_own_courses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)
    only_channel("in_app")
    python, sql = course("py"), course("sql")
    ada, bo = account("Ada", grants=(python,)), account("Bo", grants=(python, sql))
    for of in (python, sql, None):
        record(create_alert(of))
    counts = [unread_of(one).count() for one in (ada, bo, account("Cleo"))]

    assert counts == [1, 2, 0]
    assert (mark_read(ada), mark_read(ada), unread_of(bo).count()) == (1, 0, 2)


def test_switching_off_a_channel_drops_its_notifications() -> None:
    channel = only_channel("webhook", HOOK)
    record(create_alert())
    channel.is_active = False
    channel.save()
    DeliveryRun(clock=lambda: NOON).deliver()

    assert outbox() == [("opened", "dropped")]
