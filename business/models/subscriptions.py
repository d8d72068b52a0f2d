"""Subscriptions and purchases, with their pauses and reported changes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from business.models.customers import Customer
from core.changes import reported
from curriculum.models import Course
from intake.models import EventFact


class SubscriptionKind(models.TextChoices):
    SUBSCRIPTION = "subscription", _("Subscription")
    PURCHASE = "purchase", _("Course purchase")


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def counted(self) -> SubscriptionQuerySet:
        """Subscriptions of customers who are neither staff nor test accounts."""
        return self.exclude(customer__in=Customer.objects.uncounted())

    def active_at(self, moment: Any) -> SubscriptionQuerySet:
        """Subscriptions that began before the moment and had not ended by then, even if paused."""
        return self.filter(active_at(moment))


def active_at(moment: datetime) -> Q:
    """The condition for being active; events at the moment itself belong to the next period."""
    return Q(started_at__lt=moment) & (Q(ended_at=None) | Q(ended_at__gte=moment))


@reported("started_at", "ended_at")
class Subscription(models.Model):
    """A period in which a customer holds a subscription or purchase; a restart begins another."""

    Kind = SubscriptionKind

    class Ended(models.TextChoices):
        CANCELLED = "cancelled", _("Canceled")
        FINISHED = "finished", _("Finished")

    key = models.CharField(max_length=200, help_text=_("The id that senders use."))
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="subscriptions")
    course = models.ForeignKey(
        Course,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Empty: all courses."),
    )
    kind = models.CharField(max_length=12, choices=Kind.choices)
    plan = models.CharField(max_length=100, blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True, db_index=True)
    ended_by = models.CharField(max_length=10, choices=Ended.choices, blank=True)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        ordering = ("-started_at", "key")
        constraints = (
            models.UniqueConstraint("key", "started_at", name="one_subscription_per_start"),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gt=F("started_at")),
                name="subscription_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by="")
                | (Q(ended_at__isnull=False) & ~Q(ended_by="")),
                name="an_ended_subscription_has_a_reason",
            ),
        )
        indexes = (
            # retention reads nothing else, and the whole history for each period
            models.Index(
                fields=("started_at", "ended_at", "course", "customer", "ended_by"),
                name="subscriptions_held",
            ),
        )

    def __str__(self) -> str:
        return f"{self.key} ({self.customer})"


class SubscriptionPause(models.Model):
    """A pause of a subscription, during which its holder is still a customer."""

    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="pauses")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("started_at",)
        constraints = (
            models.UniqueConstraint(
                "subscription", "started_at", name="one_subscription_pause_per_start"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gt=F("started_at")),
                name="subscription_pause_ends_after_it_starts",
            ),
        )

    def __str__(self) -> str:
        return f"{self.subscription_id}, {self.started_at:%Y-%m-%d}"


class SubscriptionChange(EventFact):
    """A reported change of a subscription, from all of which its periods follow."""

    class Change(models.TextChoices):
        STARTED = "started", _("Started")
        PAUSED = "paused", _("Paused")
        RESUMED = "resumed", _("Resumed")
        CANCELLED = "cancelled", _("Canceled")
        FINISHED = "finished", _("Finished")

    key = models.CharField(max_length=200, help_text=_("The key of the subscription."))
    change = models.CharField(max_length=10, choices=Change.choices)
    at = models.DateTimeField()
    course = models.ForeignKey(Course, models.CASCADE, null=True, blank=True, related_name="+")
    customer = models.ForeignKey(
        Customer,
        models.CASCADE,
        null=True,
        blank=True,
        help_text=_("For a start: the customer who buys."),
    )
    kind = models.CharField(max_length=12, choices=SubscriptionKind.choices, blank=True)
    plan = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ("key", "at")
        constraints = (
            models.UniqueConstraint(
                "key", "change", "at", name="one_subscription_change_per_moment"
            ),
        )

    def __str__(self) -> str:
        return f"{self.key} {self.change} {self.at:%Y-%m-%d %H:%M}"
