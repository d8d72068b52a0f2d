"""Delivery and its failures, with real servers."""

from __future__ import annotations

import hashlib
import hmac
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from threading import Thread

import pytest
from django.test import override_settings

from accounts.tests.people import account, course
from core.tests.mail_box import MailBox, mail_box
from notifications.delivery import deliver as delivery
from notifications.delivery import http_client
from notifications.delivery.deliver import LEASE, DeliveryRun, retry
from notifications.models import Notification
from notifications.tests.hook_sink import Sink, hook_sink
from notifications.tests.notifying import NOON, create_alert, only_channel, outbox, record

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def sink() -> Iterator[Sink]:
    with hook_sink() as found:
        yield found


@pytest.fixture
def box() -> Iterator[MailBox]:
    with mail_box() as found:
        yield found


def deliver(after: timedelta = timedelta()) -> int:
    return DeliveryRun(clock=lambda: NOON + after).deliver()


def test_a_webhook_is_signed_over_its_time_and_body(sink: Sink) -> None:
    channel = only_channel("webhook", sink.url)
    record(create_alert())
    deliver()
    headers, body = sink.posts[0]
    message = headers["X-KPI-Timestamp"].encode() + b"." + body
    expected = hmac.new(channel.secret.encode(), message, hashlib.sha256).hexdigest()

    assert headers["X-KPI-Signature"] == f"sha256={expected}"
    assert headers["X-KPI-Timestamp"] == str(int(NOON.timestamp()))
    assert sink.body()["alert"]["rule"] == "Planned misses its target"


def test_a_sent_notification_is_not_sent_again(sink: Sink) -> None:
    only_channel("webhook", sink.url)
    record(create_alert())

    assert (deliver(), deliver(timedelta(days=1))) == (1, 0)
    assert len(sink.posts) == 1


def test_slack_gets_an_escaped_text(sink: Sink) -> None:
    only_channel("slack", sink.url)
    record(create_alert(course("<!channel>")))
    deliver()

    assert list(sink.body()) == ["text"]
    assert "<!channel>" not in sink.body()["text"]


def test_a_rejected_webhook_is_retried_with_the_same_key(sink: Sink) -> None:
    only_channel("webhook", sink.url)
    record(create_alert())
    sink.status = 503
    deliver()
    sink.status = 204

    assert (deliver(timedelta(seconds=20)), deliver(timedelta(minutes=1))) == (0, 1)
    (first, one), (second, two) = sink.posts
    assert first["Idempotency-Key"] == second["Idempotency-Key"]
    assert one == two


def test_a_checked_address_is_contacted_under_the_host_s_name(sink: Sink) -> None:
    only_channel("webhook", f"http://hooks.example.org:{sink.port}/hook")
    record(create_alert())
    DeliveryRun(clock=lambda: NOON, resolve=lambda *_: ["127.0.0.1"]).deliver()

    assert sink.posts[0][0]["Host"] == f"hooks.example.org:{sink.port}"


def test_a_slow_server_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_client, "TOTAL_SECONDS", 0.5)
    with slow_server() as port, override_settings(KPI_WEBHOOK_ALLOWED=["127.0.0.1"]):
        begun = time.monotonic()
        with pytest.raises((http_client.DeliveryFailed, OSError)):
            http_client.post(f"http://127.0.0.1:{port}/", b"{}", {})

    assert time.monotonic() - begun < 5


@contextmanager
def slow_server() -> Iterator[int]:
    """Run a server that sends one byte of its headers every 0.1 seconds, for 20 seconds."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = Thread(target=_send_slowly, args=(server,))
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def _send_slowly(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection, suppress(OSError):
        for byte in b"HTTP/1.1 200 OK" + b" " * 185:
            connection.sendall(bytes([byte]))
            time.sleep(0.1)


def test_a_redirect_is_not_followed(sink: Sink) -> None:
    only_channel("webhook", sink.url)
    record(create_alert())
    sink.status = 307
    deliver()

    assert "redirects are not followed" in Notification.objects.get().last_error


@override_settings(KPI_WEBHOOK_ALLOWED=[])
def test_a_name_with_a_private_address_fails_at_once() -> None:
    only_channel("webhook", "https://rebind.example.org/")
    record(create_alert())
    DeliveryRun(clock=lambda: NOON, resolve=lambda *_: ["127.0.0.1"]).deliver()

    assert outbox() == [("opened", "dead")]
    assert "not a public address" in Notification.objects.get().last_error


def test_delivery_fails_after_ten_attempts_until_it_is_retried(sink: Sink) -> None:
    only_channel("webhook", sink.url)
    record(create_alert())
    sink.status = 500
    for day in range(12):
        deliver(timedelta(days=day))
    assert (len(sink.posts), outbox()) == (10, [("opened", "dead")])
    sink.status = 204

    assert retry(Notification.objects.all()) == 1
    DeliveryRun().deliver()
    assert outbox() == [("opened", "sent")]


def test_a_worker_killed_while_sending_loses_nothing(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_channel("webhook", sink.url)
    record(create_alert())
    killed_while_sending(monkeypatch)
    during, after = deliver(timedelta(minutes=1)), deliver(LEASE)

    assert (during, after) == (0, 1)
    assert sink.posts[0][1] == sink.posts[1][1]
    assert sink.posts[0][0]["Idempotency-Key"] == sink.posts[1][0]["Idempotency-Key"]


def killed_while_sending(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(delivery, "_finish", exit_now)
        with pytest.raises(SystemExit):
            deliver()


def exit_now(*_: object, **__: object) -> None:
    raise SystemExit(9)


def test_a_mail_sent_twice_by_a_killed_worker_is_one_message(
    box: MailBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_channel("email", "ada@example.com")
    alert = create_alert(course())
    record(alert)
    killed_while_sending(monkeypatch)
    # later events do not join a mail that may have been read
    record(alert, "worsened", at=NOON + timedelta(minutes=1))
    deliver(LEASE)
    ids = [mail["Message-ID"] for mail in box.mails]

    assert ids[0] in ids[1:]
    assert len(set(ids)) == 2
    assert outbox() == [("opened", "sent"), ("worsened", "sent")]


def test_several_alerts_of_a_course_are_one_mail_to_its_manager(box: MailBox) -> None:
    only_channel("email")
    python, sql = course("py"), course("sql")
    account("Ada", grants=(python, sql))
    account("Bo", grants=(sql,))
    for of in (python, python, sql):
        record(create_alert(of))

    deliver()
    assert sorted((mail["To"], subject(mail)) for mail in box.mails) == [
        ("ada@example.com", "2 alert notifications – Course py"),
        ("ada@example.com", "Opened: Course sql: Planned misses its target"),
        ("bo@example.com", "Opened: Course sql: Planned misses its target"),
    ]
    assert {part.get_content_type() for part in box.mails[0].walk()} >= {"text/plain", "text/html"}


def subject(mail: object) -> str:
    return str(mail["Subject"])  # type: ignore[index]


def test_a_mail_server_that_is_down_delays(box: MailBox) -> None:
    only_channel("email", "ada@example.com")
    record(create_alert())
    with override_settings(EMAIL_PORT=1):
        deliver()

    assert outbox() == [("opened", "waiting")]
    assert deliver(timedelta(hours=1)) == 1
    assert box.recipients == ["ada@example.com"]


def test_a_recovery_is_not_sent_before_its_alert(sink: Sink) -> None:
    only_channel("webhook", sink.url)
    alert = create_alert()
    record(alert)
    sink.status = 500
    deliver()
    sink.status = 204
    record(alert, "recovered")
    deliver(timedelta(seconds=1))
    deliver(timedelta(hours=1))
    deliver(timedelta(hours=2))

    assert [sink.body(at)["event"] for at in range(3)] == ["opened", "opened", "recovered"]


@pytest.mark.parametrize(
    ("attempts", "least", "most"), [(1, 30, 60), (3, 120, 240), (10, 10_800, 21_600)]
)
def test_the_wait_doubles_and_varies_at_random(attempts: int, least: int, most: int) -> None:
    waits = {delivery.wait_after(attempts) for _ in range(20)}

    assert len(waits) > 1
    assert all(timedelta(seconds=least) <= one <= timedelta(seconds=most) for one in waits)


def test_a_test_returns_its_outcome(sink: Sink) -> None:
    row = delivery.send_test(only_channel("webhook", sink.url))
    sink.status = 404
    other = delivery.send_test(only_channel("slack", sink.url))

    assert (row.state, other.state) == ("sent", "waiting")
    assert "answered 404" in other.last_error


def test_a_batch_claimed_by_a_fast_clock_is_taken_over(sink: Sink) -> None:
    only_channel("webhook", sink.url)
    record(create_alert())
    delivery.make_batches(NOON)
    row = Notification.objects.get()
    assert delivery._claim(row.batch, NOON + timedelta(days=1))

    assert deliver() == 1
    assert len(sink.posts) == 1
