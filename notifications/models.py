"""Channels, the outbox of notifications, and what people have read or unsubscribed from."""

from __future__ import annotations

import secrets

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from alerts.models import Alert, AlertEvent, AlertRule, Severity
from alerts.titles import title_of
from curriculum.models import Course, ParameterChange
from kpis.models import Measurement, PeriodKind

SEVERITIES = [Severity.INFO, Severity.WARNING, Severity.CRITICAL]


def new_secret() -> str:
    return secrets.token_urlsafe(32)


class Channel(models.Model):
    """Where notifications are sent, and for which alerts."""

    class Kind(models.TextChoices):
        EMAIL = "email", _("E-mail")
        WEBHOOK = "webhook", _("Webhook")
        SLACK = "slack", _("Slack-compatible webhook")
        IN_APP = "in_app", _("In the product")

    class Restated(models.TextChoices):
        NONE = "", _("None")
        MONTHS = "months", _("Months and quarters")
        ALL = "all", _("Periods of every kind")

    kind = models.CharField(max_length=10, choices=Kind.choices)
    name = models.CharField(max_length=100, unique=True)
    address = models.CharField(
        max_length=500,
        blank=True,
        help_text=_(
            "For webhooks, the URL. For e-mail, addresses separated by commas; leave empty to "
            "notify the alert's owner, else the course's managers or, for the whole site, staff."
        ),
    )
    secret = models.CharField(
        max_length=100,
        default=new_secret,
        help_text=_("Webhook messages are signed with it, so that receivers can verify them."),
    )
    is_active = models.BooleanField("active", default=True)
    gets_alerts = models.BooleanField(_("alerts"), default=True)
    gets_parameter_changes = models.BooleanField(
        _("parameter changes"),
        default=False,
        help_text=_("For webhooks: each change of a parameter, such as for a learning platform."),
    )
    gets_restatements = models.CharField(
        _("restated figures"),
        max_length=10,
        blank=True,
        choices=Restated.choices,
        default=Restated.NONE,
        help_text=_("For webhooks: figures of closed periods that late data changed."),
    )
    min_severity = models.CharField(max_length=10, choices=Severity.choices, default=Severity.INFO)
    # a field of its own, because deleting the last course must not open the channel to all others
    is_limited = models.BooleanField(
        _("limited to the courses chosen"),
        default=False,
        help_text=_("If not limited, the channel receives alerts of all courses."),
    )
    courses = models.ManyToManyField(Course, blank=True, related_name="alert_channels")
    rules = models.ManyToManyField(
        AlertRule,
        blank=True,
        related_name="channels",
        help_text=_("If none is chosen: every rule."),
    )

    class Meta:
        ordering = ("name",)
        constraints = (
            models.CheckConstraint(
                condition=~Q(kind__in=("webhook", "slack")) | ~Q(address=""),
                name="webhook_has_an_address",
            ),
            models.CheckConstraint(
                condition=Q(gets_parameter_changes=False) | Q(kind__in=("webhook", "slack")),
                name="only_webhooks_get_parameter_changes",
            ),
            models.CheckConstraint(
                condition=Q(gets_restatements="") | Q(kind="webhook"),
                name="only_webhooks_get_restatements",
            ),
        )

    def __str__(self) -> str:
        return self.name

    def accepts(self, alert: Alert) -> bool:
        """True if the channel covers the alert's severity, course and rule."""
        if not self.gets_alerts:
            return False
        if SEVERITIES.index(Severity(alert.severity)) < SEVERITIES.index(
            Severity(self.min_severity)
        ):
            return False
        if self.is_limited and alert.course_id not in {one.pk for one in self.courses.all()}:
            return False
        rules = {one.pk for one in self.rules.all()}
        return not rules or alert.rule_id in rules

    def accepts_change(self, course_id: int | None) -> bool:
        """True if the channel covers parameter changes of a course, or of the whole site.

        What applies to the whole site applies to the courses of a limited channel, too.
        """
        courses = {one.pk for one in self.courses.all()} if self.is_limited else set()
        is_covered = bool(courses) if course_id is None else course_id in courses
        return self.gets_parameter_changes and (is_covered or not self.is_limited)

    def accepts_restatement(self, row: Measurement) -> bool:
        """True if the channel covers the period and the course of a restated figure."""
        is_wanted = self.gets_restatements == self.Restated.ALL or (
            self.gets_restatements == self.Restated.MONTHS
            and row.period_kind in (PeriodKind.MONTH, PeriodKind.QUARTER)
        )
        courses = {one.pk for one in self.courses.all()} if self.is_limited else set()
        return is_wanted and (not self.is_limited or row.course_id in courses)


class Notification(models.Model):
    """The outbox: one notification to one address.

    Notifications of the same `batch` are sent as one message. A batch never changes, so that a
    message sent twice is identical. Without a channel, it is an e-mail to `to`.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENDING = "sending", _("Being sent")
        SENT = "sent", pgettext_lazy("notification", "Sent")
        DEAD = "dead", _("Failed permanently")
        DROPPED = "dropped", _("No longer needed")

    channel = models.ForeignKey(
        Channel, models.CASCADE, null=True, blank=True, related_name="notifications"
    )
    event = models.ForeignKey(
        AlertEvent, models.CASCADE, null=True, blank=True, related_name="notifications"
    )
    change = models.ForeignKey(
        ParameterChange, models.CASCADE, null=True, blank=True, related_name="notifications"
    )
    course = models.ForeignKey(Course, models.CASCADE, null=True, blank=True)
    to = models.CharField(max_length=320, blank=True)
    key = models.CharField(_("idempotency key"), max_length=200, unique=True)
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    batch = models.CharField(max_length=40, blank=True, db_index=True)
    attempts = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(default=timezone.now)
    leased_until = models.DateTimeField(
        null=True, blank=True, help_text=_("If it is not sent by then, another worker takes over.")
    )
    last_error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sent_at__isnull=False),
                name="sent_has_sent_at",
            ),
        )
        indexes = (models.Index(fields=("state", "next_try_at"), name="notifications_due"),)

    def __str__(self) -> str:
        return self.key

    @property
    def headline(self) -> str:
        """One line with the kind of event and the alert's title, in the active language."""
        alert = self.payload["alert"]
        place = gettext("Whole site") if alert["scope"] == "site" else alert["place"]
        return gettext("%(event)s: %(alert)s") % {
            "event": AlertEvent.Kind(self.payload["event"]).label,
            "alert": title_of(place, alert["rule"], alert["kpi"]),
        }


class NotificationRead(models.Model):
    """A user has read a notification in the product."""

    notification = models.ForeignKey(Notification, models.CASCADE, related_name="reads")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (
            models.UniqueConstraint("notification", "user", name="notification_read_once"),
        )

    def __str__(self) -> str:
        return f"{self.user}: {self.notification}"


class DigestUnsubscribe(models.Model):
    """A user has unsubscribed from the weekly summary."""

    user = models.OneToOneField(User, models.CASCADE, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "unsubscription"

    def __str__(self) -> str:
        return str(self.user)
