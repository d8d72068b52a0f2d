"""Mark days stale when enrollments change, and keep referral codes at sign-in."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.models import User
from business import referral_cookie
from business.facts import affected_days
from business.models import Customer
from core.changes import Changes, gathered
from curriculum.signals import (
    enrollment_dates_changed,
    enrollments_changed,
    learners_created,
)


@receiver(enrollment_dates_changed)
def update_after_new_dates(
    ids: Iterable[int], changes: Changes | None = None, **kwargs: object
) -> None:
    ids = list(ids)
    with gathered(changes) as noted:
        affected_days.mark_start_days_stale(ids, noted)
        affected_days.resolve_referrals(ids, noted)


@receiver(enrollments_changed)
def mark_changed_enrollments_stale(
    ids: Iterable[int], changes: Changes | None = None, **kwargs: object
) -> None:
    ids = list(ids)
    with gathered(changes) as noted:
        affected_days.mark_start_days_stale(ids, noted)
        affected_days.mark_customer_days_stale(ids, noted)


@receiver(learners_created)
def link_customers(keys: Iterable[str], **kwargs: object) -> None:
    Customer.objects.filter(key__in=list(keys)).link_to_learners()


@receiver(user_logged_in)
def store_referral_code(request: HttpRequest, user: User, **kwargs: object) -> None:
    referral_cookie.store_for(user, request)
