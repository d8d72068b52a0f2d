"""Customers: learners and organizations that buy."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from curriculum.models import Learner


class CustomerQuerySet(models.QuerySet["Customer"]):
    def uncounted(self) -> CustomerQuerySet:
        """Staff and test accounts, which do not count in any KPI."""
        learners = Learner.objects.uncounted()
        return self.filter(kind=Customer.Kind.LEARNER, key__in=learners.values("key"))


class Customer(models.Model):
    """A buyer: a learner, under the learner's own key, or an organization with seats."""

    class Kind(models.TextChoices):
        LEARNER = "learner", _("Learner")
        ORGANIZATION = "organisation", _("Organization")

    kind = models.CharField(max_length=12, choices=Kind.choices)
    key = models.CharField(max_length=200, help_text=_("For a learner: the learner's key."))
    name = models.CharField(max_length=200, blank=True)
    seats = models.PositiveIntegerField(null=True, blank=True)
    # when the name and the seats were reported: the latest report wins, in any order of events
    name_reported_at = models.DateTimeField(null=True, editable=False)
    seats_reported_at = models.DateTimeField(null=True, editable=False)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        ordering = ("kind", "key")
        constraints = (
            models.UniqueConstraint("kind", "key", name="one_customer_per_kind_and_key"),
            models.CheckConstraint(
                condition=Q(seats=None) | Q(seats__gt=0), name="known_seats_are_positive"
            ),
        )

    def __str__(self) -> str:
        return self.name or self.key
