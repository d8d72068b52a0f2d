"""Hear what changes below, and mark what must be measured again."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.models import User
from business import referral_cookie
from business.facts import affected_days
from curriculum.signals import enrollment_dates_changed, enrollments_changed


@receiver(enrollment_dates_changed)
def mark_dated(ids: Iterable[int], **kwargs: object) -> None:
    ids = list(ids)
    affected_days.mark_affected(ids)
    affected_days.settle_referrals(ids)


@receiver(enrollments_changed)
def mark_changed(ids: Iterable[int], **kwargs: object) -> None:
    ids = list(ids)
    affected_days.mark_affected(ids)
    affected_days.mark_customers(ids)


@receiver(user_logged_in)
def keep_code(request: HttpRequest, user: User, **kwargs: object) -> None:
    referral_cookie.keep_for(user, request)
