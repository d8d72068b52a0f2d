"""Customers: learners and organizations that buy."""

from __future__ import annotations

from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _

from curriculum.models import Learner


class CustomerQuerySet(models.QuerySet["Customer"]):
    def uncounted(self) -> CustomerQuerySet:
        """Staff and test accounts, which do not count in any KPI."""
        return self.filter(learner__in=Learner.objects.uncounted())

    def link_to_learners(self) -> None:
        """Link those of kind learner to the learner with their key, if there is one by now."""
        # a learner whose key was changed may have a customer under the former one
        same_key = Learner.objects.filter(key=OuterRef("key"), customer=None).values("pk")
        unlinked = self.filter(kind=Customer.Kind.LEARNER, learner=None)
        unlinked.filter(Exists(same_key)).update(learner=Subquery(same_key))


class Customer(models.Model):
    """A buyer: a learner, under the learner's own key, or an organization with seats.

    A learner may buy before anything else is known of them; `learner` is empty until then.
    """

    class Kind(models.TextChoices):
        LEARNER = "learner", _("Learner")
        ORGANIZATION = "organisation", _("Organization")

    kind = models.CharField(max_length=12, choices=Kind.choices)
    key = models.CharField(max_length=200, help_text=_("For a learner: the learner's key."))
    learner = models.OneToOneField(
        Learner, models.SET_NULL, null=True, blank=True, related_name="customer"
    )
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
            models.CheckConstraint(
                condition=Q(learner=None) | Q(kind="learner"),
                name="only_customers_of_kind_learner_have_a_learner",
            ),
        )

    def __str__(self) -> str:
        return self.name or self.key
