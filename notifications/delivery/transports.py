"""The kinds of channels: how each validates its address, picks recipients and sends."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from email.utils import parseaddr
from typing import ClassVar
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Q
from django.utils.translation import gettext

from accounts.models import User
from accounts.reader import Reader
from alerts.audience import managers_of
from alerts.models import Alert
from notifications.delivery import emails, webhooks
from notifications.delivery.url_policy import Resolve
from notifications.models import Channel, Notification

Kind = Channel.Kind


class Transport:
    """One kind of channel.

    `is_ordered`: the notifications of one alert are sent in the order of its events.
    `is_batched`: everything due for one reader and course is sent as one message.
    """

    leaves_site: ClassVar[bool] = True
    is_ordered: ClassVar[bool] = False
    is_batched: ClassVar[bool] = False

    def validate(self, address: str) -> None:
        """ValidationError for an address that cannot be used."""

    def visible_address(self, channel: Channel) -> str:
        """Return the address without its secret parts."""
        return channel.address

    def recipients(self, channel: Channel, alert: Alert) -> Sequence[str]:
        """Return the addresses to notify of an alert; one empty address is the channel's own."""
        return [""]

    def accounts_at(self, to: str) -> Collection[int]:
        """Return the ids of the accounts that read an address; empty if anyone may read it."""
        return ()

    def test_recipient(self, channel: Channel, requested_by: str) -> str:
        return ""

    def send(self, rows: Sequence[Notification], now: datetime, resolve: Resolve) -> None:
        """Send one batch; raises one of deliver.ERRORS if it is not accepted."""
        raise NotImplementedError


class InProductTransport(Transport):
    """A list in the product, where a notification arrives by being written."""

    leaves_site = False


class EmailTransport(Transport):
    """E-mail to the addresses of the channel, or to the people responsible for the alert."""

    is_batched = True

    def validate(self, address: str) -> None:
        for one in split_addresses(address):
            validate_email(parseaddr(one)[1] or one)

    def recipients(self, channel: Channel, alert: Alert) -> Sequence[str]:
        return split_addresses(channel.address) or responsible_for(alert)

    def accounts_at(self, to: str) -> Collection[int]:
        address = parseaddr(to)[1] or to
        people = User.objects.filter(is_active=True, email__iexact=address)
        return list(people.values_list("pk", flat=True))

    def test_recipient(self, channel: Channel, requested_by: str) -> str:
        """ValueError if there is no address."""
        to = (split_addresses(channel.address) or [requested_by])[0]
        if not to:
            raise ValueError(gettext("There is no address for a test."))
        return to

    def send(self, rows: Sequence[Notification], now: datetime, resolve: Resolve) -> None:
        if rows[0].event_id is None:
            emails.send_test(rows[0])
        else:
            emails.send_alerts(rows)


class WebhookTransport(Transport):
    """Signed JSON to a URL."""

    is_ordered = True

    def validate(self, address: str) -> None:
        try:
            parts = urlsplit(address)
            is_valid = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            is_valid = False
        if not is_valid or parts.username is not None:
            error = gettext("Enter an address such as https://example.org/hook.")
            raise ValidationError({"address": error})

    def visible_address(self, channel: Channel) -> str:
        """Hide the path, which is a secret: for Slack, the only one."""
        parts = urlsplit(channel.address)
        return f"{parts.scheme}://{parts.hostname}/…"

    def send(self, rows: Sequence[Notification], now: datetime, resolve: Resolve) -> None:
        for row in rows:
            webhooks.send(row, now, resolve)


class SlackTransport(WebhookTransport):
    """A text to a Slack-compatible webhook."""

    def send(self, rows: Sequence[Notification], now: datetime, resolve: Resolve) -> None:
        for row in rows:
            webhooks.send_text(row, resolve)


TRANSPORTS: dict[str, Transport] = {
    Kind.EMAIL: EmailTransport(),
    Kind.WEBHOOK: WebhookTransport(),
    Kind.SLACK: SlackTransport(),
    Kind.IN_APP: InProductTransport(),
}


def transport_of(channel: Channel) -> Transport:
    return TRANSPORTS[channel.kind]


def split_addresses(address: str) -> list[str]:
    return [one.strip() for one in address.split(",") if one.strip()]


def responsible_for(alert: Alert) -> list[str]:
    """Return the address of the alert's owner, if the owner may see the alert.

    Without an owner, return those of the managers of its course or run or, for the whole site, of
    the staff.
    """
    owner = alert.owner or alert.rule.owner
    if owner:
        reader = Reader.of(owner)
        is_visible = Alert.objects.visible_to(reader).filter(pk=alert.pk).exists()
        if reader.reads_kpis and is_visible:
            return [owner.email]
    by_scope = managers_of(alert) if alert.course_id else Q(is_staff=True)
    people = User.objects.filter(by_scope, is_active=True).order_by("email").distinct()
    return list(people.values_list("email", flat=True))
