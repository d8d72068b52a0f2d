from __future__ import annotations

from django.db import models
from django.db.models import Q

from curriculum.models import Learner


class CustomerQuerySet(models.QuerySet["Customer"]):
    def uncounted(self) -> CustomerQuerySet:
        """Staff and test accounts, who count in no figure."""
        others = Learner.objects.uncounted()
        return self.filter(kind=Customer.Kind.LEARNER, key__in=others.values("key"))


class Customer(models.Model):
    """Who buys: a learner, under the learner's own key, or an organisation with seats."""

    class Kind(models.TextChoices):
        LEARNER = "learner", "Learner"
        ORGANISATION = "organisation", "Organisation"

    kind = models.CharField(max_length=12, choices=Kind.choices)
    key = models.CharField(max_length=200, help_text="Of a learner: the learner's key.")
    name = models.CharField(max_length=200, blank=True)
    seats = models.PositiveIntegerField(null=True, blank=True)
    # the last word stands, in whatever order the events come
    named_at = models.DateTimeField(null=True, editable=False)
    seated_at = models.DateTimeField(null=True, editable=False)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        ordering = ("kind", "key")
        constraints = (
            models.UniqueConstraint("kind", "key", name="one_customer_per_kind_and_key"),
            models.CheckConstraint(
                condition=Q(seats=None) | Q(seats__gt=0), name="known_seats_are_some"
            ),
        )

    def __str__(self) -> str:
        return self.name or self.key
