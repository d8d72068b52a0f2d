"""Changes of parameters reach webhooks: signed, once, in order, without people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.tests.admin_pages import staff
from accounts.tests.people import account, course, run_of
from curriculum import parameters
from curriculum.models import Course, Parameter, ParameterChange
from notifications import parameter_changes
from notifications.delivery.deliver import DeliveryRun
from notifications.delivery.webhooks import signature
from notifications.models import Channel, Notification
from notifications.tests.hook_sink import Sink, hook_sink
from notifications.tests.notifying import create_alert, only_channel, record

pytestmark = [pytest.mark.django_db, pytest.mark.once]

PASS_MARK = "module.pass-mark"


@pytest.fixture
def sink() -> Iterator[Sink]:
    with hook_sink() as found:
        yield found


def hook(sink: Sink, kind: str = "webhook", **how: Any) -> Channel:
    return only_channel(kind, sink.url, gets_alerts=False, gets_parameter_changes=True, **how)


def set_value(value: str = "0.7", reason: str = "Too easy.", **scope: Any) -> ParameterChange:
    row = parameters.parameter_for(PASS_MARK, **scope)
    change = parameters.set_value(row, Decimal(value), reason=reason, by=account("Ada"))
    assert change is not None
    return change


def deliver(after: timedelta = timedelta()) -> int:
    return DeliveryRun(clock=lambda: timezone.now() + after).deliver()


def test_a_webhook_receives_the_change(sink: Sink) -> None:
    channel = hook(sink)
    module = course("py", modules=1).modules.get()
    change = set_value(module=module)
    assert deliver() == 1

    key = f"parameter-change-{change.pk}-applied-{channel.pk}"
    assert sink.body() == {
        "id": key,
        "event": "parameter_changed",
        "at": change.decided_at.isoformat() if change.decided_at else "",
        "status": "applied",
        "is_revert": False,
        "parameter": {
            "key": PASS_MARK,
            "name": "Pass mark",
            "role": "curriculum",
            "kind": "share",
            "unit": "",
        },
        "course": "py",
        "run": None,
        "module": "m1",
        "old": {"value": 0.6, "label": "60%"},
        "new": {"value": 0.7, "label": "70%"},
        "effective_from": change.applies_from.isoformat(),
        "applies_to": "everyone",
        "reason": "Too easy.",
        "text": Notification.objects.get().payload["text"],
        "url": f"http://localhost:5000/curriculum-parameters/{PASS_MARK}",
    }
    headers, body = sink.posts[0]
    assert headers["Idempotency-Key"] == key
    expected = signature(channel.secret, headers["X-KPI-Timestamp"], body)
    assert headers["X-KPI-Signature"] == expected


def test_a_message_names_nobody(sink: Sink) -> None:
    hook(sink)
    set_value()
    deliver()

    assert b"Ada" not in sink.posts[0][1]
    assert b"example.com" not in sink.posts[0][1]


def test_slack_gets_a_text(sink: Sink) -> None:
    hook(sink, "slack")
    set_value(course=course("<!channel>"), reason="So <!here>.")
    deliver()
    text = sink.body()["text"]

    assert "Pass mark – Course &lt;!channel&gt;: 60% → 70% from " in text
    assert "<!" not in text


def test_every_kind_of_change_is_sent_in_order(sink: Sink) -> None:
    hook(sink)
    row = parameters.parameter_for(PASS_MARK)
    proposed = parameters.propose(row, Decimal("0.65"), reason="A try.")
    assert deliver() == 0
    parameters.apply(proposed)
    parameters.revert(proposed, reason="Harm.")
    sent = [deliver() for _ in range(3)]
    bodies = [sink.body(at) for at in range(2)]

    # the second one waits for the first
    assert sent == [1, 1, 0]
    assert [(one["old"]["value"], one["new"]["value"]) for one in bodies] == [
        (0.6, 0.65),
        (0.65, 0.6),
    ]
    assert [one["is_revert"] for one in bodies] == [False, True]


def test_a_rejected_message_is_retried_with_the_same_key_and_content(sink: Sink) -> None:
    hook(sink)
    set_value()
    sink.status = 503
    deliver()
    sink.status = 204
    deliver(timedelta(minutes=2))

    assert sink.posts[0][1] == sink.posts[1][1]
    assert sink.posts[0][0]["Idempotency-Key"] == sink.posts[1][0]["Idempotency-Key"]


def test_a_change_is_written_to_the_outbox_once(sink: Sink) -> None:
    hook(sink)
    change = set_value()
    parameter_changes.enqueue(change)

    assert Notification.objects.count() == 1


def test_a_change_that_is_rolled_back_is_not_sent(sink: Sink) -> None:
    hook(sink)
    with transaction.atomic():
        set_value()
        transaction.set_rollback(True)

    assert deliver() == 0
    assert not Notification.objects.exists()


def test_a_channel_without_the_option_receives_no_changes(sink: Sink) -> None:
    only_channel("webhook", sink.url)
    set_value()

    assert not Notification.objects.exists()


def test_a_channel_for_changes_alone_receives_no_alerts(sink: Sink) -> None:
    hook(sink)
    record(create_alert())

    assert not Notification.objects.exists()


def receives(channel: Channel, at: Course | None) -> bool:
    before = Notification.objects.filter(channel=channel).count()
    row = parameters.parameter_for(PASS_MARK, course=at)
    value = parameters.value_in_force(row, timezone.now())
    to = Decimal("0.9") if value != Decimal("0.9") else Decimal("0.8")
    parameters.set_value(row, to, reason="A test.")
    return Notification.objects.filter(channel=channel).count() > before


def test_a_limited_channel_receives_changes_of_its_courses_and_of_the_site(sink: Sink) -> None:
    channel = hook(sink, is_limited=True)
    mine, other = course("py"), course("sql")
    assert [receives(channel, one) for one in (None, mine, other)] == [False, False, False]
    channel.courses.add(mine)

    assert [receives(channel, one) for one in (None, mine, other)] == [True, True, False]


def test_a_change_of_a_run_belongs_to_its_course(sink: Sink) -> None:
    channel = hook(sink, is_limited=True)
    run = run_of(course("py"))
    channel.courses.add(run.course)
    set_value(run=run)
    deliver()

    assert (sink.body()["course"], sink.body()["run"]) == ("py", "r1")


@pytest.mark.parametrize("kind", ["email", "in_app"])
def test_only_webhooks_receive_changes(kind: str) -> None:
    with pytest.raises(IntegrityError, match="only_webhooks"), transaction.atomic():
        only_channel(kind, gets_parameter_changes=True)


def test_the_admin_says_that_only_webhooks_receive_changes(client: Any) -> None:
    staff(client, "add_channel", "view_channel")
    data = {"name": "Mail", "kind": "email", "secret": "x", "min_severity": "info"}
    answer = client.post(
        "/admin/notifications/channel/add/", {**data, "gets_parameter_changes": "on"}
    )

    assert "Only webhooks receive changes of parameters." in answer.content.decode()


def test_a_measurement_setting_is_sent_with_its_role(sink: Sink) -> None:
    hook(sink)
    row = Parameter.objects.get(key="completion.window-factor")
    parameters.set_value(row, Decimal(2), reason="Holidays.")
    deliver()

    assert sink.body()["parameter"]["role"] == "measurement"
    assert sink.body()["new"]["label"] == "2 × nominal length"
