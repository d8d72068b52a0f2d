"""Restated figures reach webhooks: signed, once, with both values where anyone may read them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.tests.people import moment
from curriculum.models import Course
from kpis.models import Measurement, Restatement
from kpis.tests.measured import COMPLETION, course, manager, measured
from notifications import restatements
from notifications.delivery.deliver import DeliveryRun
from notifications.delivery.webhooks import signature
from notifications.models import Channel, Notification
from notifications.tests.hook_sink import Sink, hook_sink
from notifications.tests.notifying import only_channel

pytestmark = pytest.mark.django_db

NOW = moment("2026-07-15T12:00")
LATER = NOW + timedelta(minutes=20)


@pytest.fixture
def sink() -> Iterator[Sink]:
    with hook_sink() as found:
        yield found


def hook(sink: Sink, restated: str = "months", **how: Any) -> Channel:
    return only_channel("webhook", sink.url, gets_alerts=False, gets_restatements=restated, **how)


def restated(
    before: float = 80, after: float = 85, *, of: Course | None = None, n: int = 100, was: int = 100
) -> Measurement:
    """Restate a month of 100 learners, of whom 80 had completed and now 85 have."""
    row = measured(COMPLETION, "2026-05", after, n, of=of)
    sums = {name: getattr(row, name) for name in Measurement.SUMS}
    sums |= {"total": before, "n": was, "learners": was, "weight": was}
    Restatement.objects.create(measurement=row, computed_at=NOW, restated_at=NOW, **sums)
    change(row, at=NOW)
    return row


def change(row: Measurement, *, at: datetime, **values: Any) -> None:
    Measurement.objects.filter(pk=row.pk).update(computed_at=at, restated_at=at, **values)


def deliver(at: datetime = LATER) -> int:
    return DeliveryRun(clock=lambda: at).deliver()


def test_a_webhook_receives_both_values(sink: Sink) -> None:
    channel = hook(sink)
    row = restated(of=course("py"))
    assert restatements.enqueue_settled(LATER) == 1
    assert deliver() == 1

    body = sink.body()
    key = f"restatement-{row.restatements.get().pk}-20260715120000000000-{channel.pk}"
    assert body == {
        "id": key,
        "event": "measurement_restated",
        "at": NOW.isoformat(),
        "restatement": row.restatements.get().pk,
        "measurement": row.pk,
        "kpi": COMPLETION,
        "kpi_name": "Completion rate",
        "unit": "percent",
        "scope": "course",
        "course": "py",
        "run": None,
        "module": None,
        "period": "month",
        "period_start": "2026-05-01",
        "is_suppressed": False,
        "before": {"value": 80.0, "n": 100, "computed_at": NOW.isoformat()},
        "after": {"value": 85.0, "n": 100, "computed_at": NOW.isoformat()},
        "text": "Completion rate of All about py changed after 2026-05-01 was closed.",
        "url": f"http://localhost:5000/kpi-dashboard/{COMPLETION}",
    }
    headers, raw = sink.posts[0]
    assert headers["Idempotency-Key"] == key
    assert headers["X-KPI-Signature"] == signature(channel.secret, headers["X-KPI-Timestamp"], raw)


def test_each_restatement_is_announced_once(sink: Sink) -> None:
    hook(sink)
    restated()

    assert restatements.enqueue_settled(LATER) == 1
    assert restatements.enqueue_settled(LATER) == 0
    assert restatements.enqueue_settled(LATER + timedelta(hours=5)) == 0


def test_a_value_that_still_changes_waits(sink: Sink) -> None:
    hook(sink)
    restated()

    assert restatements.enqueue_settled(NOW + timedelta(minutes=10)) == 0


def test_a_value_that_changes_again_is_announced_again(sink: Sink) -> None:
    hook(sink)
    row = restated()
    restatements.enqueue_settled(LATER)
    change(row, at=NOW + timedelta(hours=2), total=90)
    restatements.enqueue_settled(NOW + timedelta(hours=3))
    deliver(NOW + timedelta(hours=3))

    assert [sink.body(at)["after"]["value"] for at in (0, 1)] == [85.0, 90.0]


@pytest.mark.parametrize(("n", "was"), [(5, 100), (100, 5)])
def test_a_small_group_before_or_after_is_hidden(sink: Sink, n: int, was: int) -> None:
    hook(sink)
    restated(before=4, after=4, of=course("py"), n=n, was=was)
    restatements.enqueue_settled(LATER)
    deliver()

    assert sink.body()["is_suppressed"] is True
    assert not {"before", "after"} & sink.body().keys()


def test_what_a_manager_could_subtract_is_hidden(sink: Sink) -> None:
    hook(sink)
    mine, small = course("py"), course("sql")
    manager(mine)
    measured(COMPLETION, "2026-05", 80, 100, of=mine)
    measured(COMPLETION, "2026-05", 3, 4, of=small)
    restated(after=83, n=104)
    restatements.enqueue_settled(LATER)
    deliver()

    assert sink.body()["is_suppressed"] is True


def test_a_limited_channel_gets_its_courses(sink: Sink) -> None:
    mine, other = course("py"), course("sql")
    hook(sink, is_limited=True).courses.add(mine)
    for of in (mine, other, None):
        restated(of=of)

    assert restatements.enqueue_settled(LATER) == 1
    assert Notification.objects.get().course == mine


def test_days_are_announced_only_if_they_are_wanted(sink: Sink) -> None:
    hook(sink)
    row = restated()
    Measurement.objects.filter(pk=row.pk).update(period_kind="day", period_start=date(2026, 5, 7))

    assert restatements.enqueue_settled(LATER) == 0
    Channel.objects.update(gets_restatements="all")
    assert restatements.enqueue_settled(LATER) == 1


def test_a_failed_message_is_sent_again(sink: Sink) -> None:
    hook(sink)
    restated()
    restatements.enqueue_settled(LATER)
    sink.status = 500
    deliver()
    sink.status = 204
    deliver(LATER + timedelta(minutes=5))

    assert len(sink.posts) == 2
    assert sink.posts[0][1] == sink.posts[1][1]


def test_without_a_channel_nothing_is_read(django_assert_num_queries: Any) -> None:
    Channel.objects.all().delete()
    restated()

    with django_assert_num_queries(1):
        assert restatements.enqueue_settled(LATER) == 0


def test_slack_gets_no_restatements() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        only_channel("slack", "https://example.org", gets_restatements="all")
