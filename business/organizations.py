"""What the manager of an organization sees: its seats, and how their learners get on."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from accounts.models import User
from business.models import Customer, Seat, Subscription
from curriculum.models import Enrollment, Learner


@dataclass(frozen=True)
class SeatHolder:
    learner: Learner
    enrollments: list[Enrollment]


def granted_to(user: User) -> QuerySet[Customer]:
    """Return the organizations whose seats this account manages."""
    granted = Customer.objects.filter(kind=Customer.Kind.ORGANIZATION, grants__user=user)
    return granted.order_by("name", "key")


def holders_of(organization: Customer) -> list[SeatHolder]:
    """Return the learners of the seats with their enrollments in what the organization bought.

    What a learner takes besides, at their own expense, is none of the organization's business.
    """
    bought = Subscription.objects.filter(customer=organization).values_list("course", flat=True)
    courses = set(bought)
    is_covered = Q() if None in courses else Q(run__course__in=courses)
    seats = Seat.objects.filter(organization=organization, learner__kind=Learner.Kind.LEARNER)
    learners = [one.learner for one in seats.select_related("learner").order_by("learner__key")]
    enrollments: dict[int, list[Enrollment]] = {one.pk: [] for one in learners}
    rows = Enrollment.objects.counted().filter(is_covered, learner__in=enrollments)
    for one in rows.select_related("run__course").order_by("started_at") if courses else ():
        enrollments[one.learner_id].append(one)
    return [SeatHolder(one, enrollments[one.pk]) for one in learners]
