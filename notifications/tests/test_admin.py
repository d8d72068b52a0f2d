"""The admin of channels and notifications, and the list in the product."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client

from accounts.models import User
from accounts.tests.admin_pages import staff as signed_in
from accounts.tests.people import account, course
from core.tests.mail_box import mail_box
from kpis.tests.visitors import Visitor
from notifications.admin import ChannelForm
from notifications.inbox import unread_of
from notifications.models import Channel, Notification
from notifications.tests.hook_sink import Sink, hook_sink
from notifications.tests.notifying import NOON, create_alert, only_channel, outbox, record

pytestmark = pytest.mark.django_db
CHANNELS, NOTIFICATIONS = "/admin/notifications/channel/", "/admin/notifications/notification/"


@pytest.fixture
def sink() -> Iterator[Sink]:
    with hook_sink() as found:
        yield found


@pytest.fixture
def admin() -> Visitor:
    return Visitor(User.objects.create_superuser("ada@example.com", "secret"))


def form(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Operations", "kind": "webhook", "address": "https://hooks.example.org/x",
        "secret": "s" * 32, "is_active": "on", "min_severity": "info",
    } | changes  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"address": ""}, "address"),
        ({"address": "ftp://example.org"}, "address"),
        ({"address": "https://me:secret@example.org"}, "address"),
        ({"address": "http://[::1"}, "address"),
        ({"kind": "email", "address": "ada@example.com, nobody"}, "__all__"),
        ({"kind": "email", "address": "Ada\r\nBcc: eve@example.com <ada@example.com>"}, "address"),
        ({"kind": "email", "address": "ada@example.com,\x0bbo@example.com"}, "address"),
        ({"address": "https://hooks.example.org/x\ny"}, "address"),
    ],
)
def test_an_unusable_address_is_rejected(changes: dict[str, Any], field: str) -> None:
    assert field in ChannelForm(form(**changes)).errors


def test_courses_need_the_limit() -> None:
    python = course()

    assert "is_limited" in ChannelForm(form(courses=[python.pk])).errors
    assert ChannelForm(form(courses=[python.pk], is_limited="on")).is_valid()


def test_the_test_button_saves_and_sends_a_test(admin: Visitor, sink: Sink) -> None:
    page = f"{CHANNELS}{only_channel('webhook', sink.url).pk}/change/"
    assert "Save and send a test" in admin.client.get(page).content.decode()
    sent = form(address=sink.url, _test="Save and send a test")
    answer = admin.client.post(page, sent, follow=True).content.decode()

    assert "the test was sent" in answer
    assert sink.body()["event"] == "test"


HOOK = "https://hooks.slack.example/services/T0/B0/keep-this"


@pytest.mark.parametrize(("kind", "secret"), [("webhook", "keep-this-secret"), ("slack", HOOK)])
def test_viewers_see_no_secret(client: Client, kind: str, secret: str) -> None:
    channel = only_channel(kind, HOOK)
    Channel.objects.update(secret="keep-this-secret")
    signed_in(client, "view_channel")
    pages = [client.get(path) for path in (CHANNELS, f"{CHANNELS}{channel.pk}/change/")]

    assert [page.status_code for page in pages] == [200, 200]
    assert not any("keep-this" in page.content.decode() for page in pages)
    assert all("https://hooks.slack.example/…" in page.content.decode() for page in pages)
    assert "0 results" in client.get(f"{CHANNELS}?q={secret}").content.decode()


def test_viewers_of_mails_cannot_unsubscribe_their_readers(client: Client) -> None:
    payload = {
        "subject": "Your courses",
        "unsubscribe": "http://localhost/weekly-summary/keep-this",
    }
    row = Notification.objects.create(key="x", to="ada@example.com", payload=payload)
    signed_in(client, "view_notification")
    page = client.get(f"{NOTIFICATIONS}{row.pk}/change/").content.decode()

    assert "Your courses" in page
    assert "keep-this" not in page


def test_a_new_secret_is_shown_once(admin: Visitor) -> None:
    page = f"{CHANNELS}{only_channel('webhook', HOOK).pk}/change/"
    old = Channel.objects.get().secret
    assert old not in admin.client.get(page).content.decode()
    sent = form(address=HOOK, secret="forced", _new_secret="yes")
    shown = admin.client.post(page, sent, follow=True).content.decode()
    new = Channel.objects.get().secret

    assert new not in (old, "forced")
    assert new in shown
    assert new not in admin.client.get(page).content.decode()


def test_a_channel_without_addresses_sends_its_test_to_the_requester(admin: Visitor) -> None:
    channel = only_channel("email")
    sent = {"action": "send_a_test", "_selected_action": str(channel.pk), "confirmed": "yes"}
    with mail_box() as box:
        admin.client.post(CHANNELS, sent)

    assert box.recipients == ["ada@example.com"]
    assert "a test of the channel “By email”" in box.text_of()


def test_a_failed_test_shows_its_error(admin: Visitor) -> None:
    channel = only_channel("webhook", "http://127.0.0.1:1/")
    sent = {"action": "send_a_test", "_selected_action": str(channel.pk), "confirmed": "yes"}
    answer = admin.client.post(CHANNELS, sent, follow=True).content.decode()

    assert "which is not a public address" in answer


def test_a_failed_notification_can_be_retried(admin: Visitor) -> None:
    only_channel("webhook", "https://hooks.example.org/x")
    record(create_alert())
    Notification.objects.update(state="dead", batch="x", attempts=10, last_error="It was away.")
    assert "It was away." in admin.reads(NOTIFICATIONS)
    sent = {"action": "retry", "_selected_action": str(Notification.objects.get().pk)}
    sent |= {"confirmed": "yes"}
    admin.client.post(NOTIFICATIONS, sent)

    assert outbox() == [("opened", "waiting")]


def test_the_list_of_alerts_shows_unread_notifications() -> None:
    only_channel("in_app")
    python = course()
    ada = account("Ada", grants=(python,))
    bo = account("Bo", grants=(python,))
    with patch("django.utils.timezone.now", return_value=NOON):
        record(create_alert(python))
        visitor = Visitor(ada)
        assert "1 new notification Opened: Course py: Planned misses its target" in visitor.reads(
            "/alerts"
        )
        visitor.client.post("/alerts/read")

        assert "new notification" not in visitor.reads("/alerts")
        assert unread_of(bo).count() == 1
