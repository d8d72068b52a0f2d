from __future__ import annotations

import secrets
from email.utils import parseaddr
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from alerts.models.alerts import Alert, AlertEvent, AlertRule, Severity
from curriculum.models import Course

SEVERITIES = [Severity.INFO, Severity.WARNING, Severity.CRITICAL]


def new_secret() -> str:
    return secrets.token_urlsafe(32)


class Channel(models.Model):
    """A way to tell people or programs of alerts."""

    class Kind(models.TextChoices):
        EMAIL = "email", "E-mail"
        WEBHOOK = "webhook", "Webhook"
        SLACK = "slack", "Slack-compatible webhook"
        IN_APP = "in_app", "In the product"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    name = models.CharField(max_length=100, unique=True)
    address = models.CharField(
        max_length=500,
        blank=True,
        help_text="Of a webhook its URL; of e-mail the addresses between commas, or nothing: then "
        "the alert's owner is told, else the course's managers or, of the whole site, the staff.",
    )
    secret = models.CharField(
        max_length=100,
        default=new_secret,
        help_text="A webhook's messages are signed with it, so that their reader may trust them.",
    )
    is_active = models.BooleanField("active", default=True)
    least_severity = models.CharField(
        max_length=10, choices=Severity.choices, default=Severity.INFO
    )
    # not told by an empty list of courses: deleting the last one must not open all others
    is_limited = models.BooleanField(
        "limited to the courses chosen", default=False, help_text="Otherwise: all of them."
    )
    courses = models.ManyToManyField(Course, blank=True, related_name="alert_channels")
    rules = models.ManyToManyField(
        AlertRule, blank=True, related_name="channels", help_text="None chosen: every rule."
    )

    class Meta:
        ordering = ("name",)
        constraints = (
            models.CheckConstraint(
                condition=~Q(kind__in=("webhook", "slack")) | ~Q(address=""),
                name="webhook_has_an_address",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def addresses(self) -> list[str]:
        """Those of an e-mail channel; none where the people concerned are told."""
        return [one.strip() for one in self.address.split(",") if one.strip()]

    def clean(self) -> None:
        """ValidationError for an address that nothing can be sent to."""
        if not self.address.isprintable():
            raise ValidationError({"address": "Leave out line breaks and other invisible signs."})
        if self.kind in (self.Kind.WEBHOOK, self.Kind.SLACK):
            _check_url(self.address)
        if self.kind == self.Kind.EMAIL:
            for one in self.addresses:
                validate_email(parseaddr(one)[1] or one)

    def takes(self, alert: Alert) -> bool:
        """True when alerts of this severity, course and rule are told here."""
        if SEVERITIES.index(Severity(alert.severity)) < SEVERITIES.index(
            Severity(self.least_severity)
        ):
            return False
        if self.is_limited and alert.course_id not in {one.pk for one in self.courses.all()}:
            return False
        rules = {one.pk for one in self.rules.all()}
        return not rules or alert.rule_id in rules


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        is_fine = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        is_fine = False
    if not is_fine or parts.username is not None:
        raise ValidationError({"address": "Give an address such as https://example.org/hook."})


class Notification(models.Model):
    """The outbox: one message to one place, written with what it tells of.

    A parcel is what is sent together; it never changes once it is packed, so that the same
    message sent twice is the same. Without a channel it is an e-mail to `to`.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Sent"
        DEAD = "dead", "Given up"
        DROPPED = "dropped", "Not needed any more"

    channel = models.ForeignKey(
        Channel, models.CASCADE, null=True, blank=True, related_name="notifications"
    )
    event = models.ForeignKey(
        AlertEvent, models.CASCADE, null=True, blank=True, related_name="notifications"
    )
    course = models.ForeignKey(Course, models.CASCADE, null=True, blank=True)
    to = models.CharField(max_length=320, blank=True)
    key = models.CharField("idempotency key", max_length=200, unique=True)
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    parcel = models.CharField(max_length=40, blank=True, db_index=True)
    attempts = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(default=timezone.now)
    leased_until = models.DateTimeField(
        null=True, blank=True, help_text="Then another worker sends it, if it is not sent."
    )
    last_error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sent_at__isnull=False),
                name="sent_has_its_moment",
            ),
        )
        indexes = (models.Index(fields=("state", "next_try_at"), name="notifications_due"),)

    def __str__(self) -> str:
        return self.key


class NotificationRead(models.Model):
    """Somebody has read a notification in the product."""

    notification = models.ForeignKey(Notification, models.CASCADE, related_name="reads")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (
            models.UniqueConstraint("notification", "user", name="notification_read_once"),
        )

    def __str__(self) -> str:
        return f"{self.user} read {self.notification}"


class DigestUnsubscribe(models.Model):
    """Somebody wants no weekly summary."""

    user = models.OneToOneField(User, models.CASCADE, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "unsubscription"

    def __str__(self) -> str:
        return f"{self.user} wants no weekly summary"
