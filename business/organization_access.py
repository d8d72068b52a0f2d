"""Let accounts manage an organization, or hold one of its seats, from the day they are created."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.account_creation import LEARNER, MANAGER
from accounts.models import User
from accounts.other_grants import OtherGrant, offer
from business.models import Customer, OrganizationGrant, Seat


def organizations() -> QuerySet[Customer]:
    return Customer.objects.filter(kind=Customer.Kind.ORGANIZATION).order_by("name", "key")


def grant_organizations(account: User, chosen: Iterable[Customer]) -> None:
    OrganizationGrant.objects.bulk_create(
        OrganizationGrant(user=account, organization=one) for one in chosen
    )


def give_seats(account: User, chosen: Iterable[Customer]) -> None:
    """Give the account's learner seats; one that they hold already stays."""
    Seat.objects.bulk_create(
        [Seat(learner=account.learner, organization=one) for one in chosen], ignore_conflicts=True
    )


offer(
    OtherGrant(
        name="organization",
        role=MANAGER,
        label=_("Granted organizations"),
        permission="business.add_organizationgrant",
        rows=organizations,
        give=grant_organizations,
    )
)
offer(
    OtherGrant(
        name="seat",
        role=LEARNER,
        label=_("Seats of organizations"),
        permission="business.add_seat",
        rows=organizations,
        give=give_seats,
        is_enough=False,
    )
)
