"""Who holds the seats of an organization, and who manages them."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext, gettext_lazy

from business.models.customers import Customer
from curriculum.models import Learner


def check_organization(pk: int) -> None:
    if not Customer.objects.filter(pk=pk, kind=Customer.Kind.ORGANIZATION).exists():
        raise ValidationError(gettext("Choose an organization."))


class Seat(models.Model):
    """A seat of an organization that a learner holds; no event reports who does."""

    organization = models.ForeignKey(
        Customer, models.CASCADE, related_name="holders", validators=[check_organization]
    )
    learner = models.ForeignKey(Learner, models.CASCADE, related_name="seats")

    class Meta:
        ordering = ("organization", "learner")
        constraints = (
            models.UniqueConstraint(
                fields=("organization", "learner"),
                name="one_seat_per_learner_and_organization",
                violation_error_message=gettext_lazy("This learner already holds a seat."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.organization}: {self.learner}"


class OrganizationGrant(models.Model):
    """Permission for a manager to see the learners of an organization's seats."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="organization_grants"
    )
    organization = models.ForeignKey(
        Customer, models.CASCADE, related_name="grants", validators=[check_organization]
    )

    class Meta:
        ordering = ("user", "organization")
        constraints = (
            models.UniqueConstraint(
                fields=("user", "organization"),
                name="organization_granted_once",
                violation_error_message=gettext_lazy("This organization is already granted."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.user}: {self.organization}"
