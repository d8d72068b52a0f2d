"""Hear what changes below, and mark what must be measured again."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from business import remembering
from business.facts import enrolments
from curriculum.models import User
from curriculum.signals import enrollments_changed, enrollments_dated


@receiver(enrollments_dated)
def mark_dated(ids: Iterable[int], **kwargs: object) -> None:
    ids = list(ids)
    enrolments.mark(ids)
    enrolments.settle_referrals(ids)


@receiver(enrollments_changed)
def mark_changed(ids: Iterable[int], **kwargs: object) -> None:
    ids = list(ids)
    enrolments.mark(ids)
    enrolments.mark_customers(ids)


@receiver(user_logged_in)
def keep_code(request: HttpRequest, user: User, **kwargs: object) -> None:
    remembering.keep_for(user, request)
