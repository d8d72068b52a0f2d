"""Resolve referrals, link customers and keep referral codes when others act."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.models import User
from business import referral_cookie
from business.facts import referrals
from business.models import Customer
from core.changes import Changes, gathered
from core.database.compiled_queries import CompiledQuery, given_texts
from curriculum.signals import (
    enrollment_dates_changed,
    learners_created,
)


@receiver(enrollment_dates_changed)
def resolve_referrals(ids: Iterable[int], changes: Changes | None = None, **kwargs: object) -> None:
    with gathered(changes) as noted:
        referrals.resolve_of(list(ids), noted)


UNLINKED = CompiledQuery(
    Customer.objects.filter(
        key__in=given_texts("keys"), kind=Customer.Kind.LEARNER, learner=None
    ).values_list("pk")
)


@receiver(learners_created)
def link_customers(keys: Iterable[str], **kwargs: object) -> None:
    unlinked = [pk for (pk,) in UNLINKED.run(keys=keys)]
    if not unlinked:
        return
    customers = Customer.objects.filter(pk__in=unlinked)
    customers.link_to_learners()
    with gathered() as changes:
        changes.changed_people(customers.filter(learner__isnull=False).values("learner"))


@receiver(user_logged_in)
def store_referral_code(request: HttpRequest, user: User, **kwargs: object) -> None:
    referral_cookie.store_for(user, request)
