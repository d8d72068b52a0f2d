"""Several workers at once, each with its own connection."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from alerts.tests.test_evaluate_races import at_once
from notifications.delivery.deliver import DeliveryRun
from notifications.models import Notification
from notifications.tests.hook_sink import Sink, hook_sink
from notifications.tests.notifying import NOON, create_alert, only_channel, record

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sink() -> Iterator[Sink]:
    with hook_sink() as found:
        yield found


def test_four_workers_send_each_notification_once(sink: Sink) -> None:
    only_channel("webhook", sink.url)
    for _ in range(12):
        record(create_alert())
    at_once(*[DeliveryRun(clock=lambda: NOON).deliver] * 4)
    keys = [headers["Idempotency-Key"] for headers, _ in sink.posts]

    assert len(keys) == len(set(keys)) == 12
    assert set(Notification.objects.values_list("state", flat=True)) == {"sent"}
