from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import F, Q

from business.models.customers import Customer
from curriculum.models import Course


class SubscriptionKind(models.TextChoices):
    SUBSCRIPTION = "subscription", "Subscription"
    PURCHASE = "purchase", "Course purchase"


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def counted(self) -> SubscriptionQuerySet:
        """Those of customers who are neither staff nor test accounts."""
        return self.exclude(customer__in=Customer.objects.uncounted())

    def active_at(self, moment: Any) -> SubscriptionQuerySet:
        """Those begun before the moment that had not ended by then; paused ones are."""
        return self.filter(active_at(moment))


def active_at(moment: datetime) -> Q:
    """What happens at the moment itself belongs to the period that begins there."""
    return Q(started_at__lt=moment) & (Q(ended_at=None) | Q(ended_at__gte=moment))


class Subscription(models.Model):
    """One stretch of time in which a customer holds something; who restarts begins another."""

    Kind = SubscriptionKind

    class Ended(models.TextChoices):
        CANCELLED = "cancelled", "Cancelled"
        FINISHED = "finished", "Finished"

    key = models.CharField(max_length=200, help_text="The id that senders use.")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="subscriptions")
    course = models.ForeignKey(
        Course, models.CASCADE, null=True, blank=True, related_name="+", help_text="Empty: of all."
    )
    kind = models.CharField(max_length=12, choices=Kind.choices)
    plan = models.CharField(max_length=100, blank=True)
    started_at = models.DateTimeField(db_index=True)
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
                name="an_end_says_how",
            ),
        )

    def __str__(self) -> str:
        return f"{self.key} of {self.customer}"


class SubscriptionPause(models.Model):
    """A stretch in which a subscription rests. Who pauses is still a customer."""

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
        return f"{self.subscription_id} from {self.started_at:%Y-%m-%d}"


class SubscriptionMoment(models.Model):
    """What a sender said of a subscription: subscriptions follow from their moments alone."""

    class What(models.TextChoices):
        STARTED = "started", "Started"
        PAUSED = "paused", "Paused"
        RESUMED = "resumed", "Resumed"
        CANCELLED = "cancelled", "Cancelled"
        FINISHED = "finished", "Finished"

    key = models.CharField(max_length=200, help_text="Of the subscription.")
    what = models.CharField(max_length=10, choices=What.choices)
    at = models.DateTimeField()
    course = models.ForeignKey(Course, models.CASCADE, null=True, blank=True, related_name="+")
    customer = models.ForeignKey(
        Customer, models.CASCADE, null=True, blank=True, help_text="Of a start: who buys."
    )
    kind = models.CharField(max_length=12, choices=SubscriptionKind.choices, blank=True)
    plan = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ("key", "at")
        constraints = (
            models.UniqueConstraint("key", "what", "at", name="one_subscription_moment"),
        )

    def __str__(self) -> str:
        return f"{self.key} {self.what} {self.at:%Y-%m-%d %H:%M}"
