"""Create accounts from the command line or for the demonstration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext

from accounts import other_grants
from accounts.models import CourseGrant, RunGrant, User
from curriculum.models import Course, CourseRun, Learner

STAFF, MANAGER, LEARNER = ROLES = ("staff", "manager", "learner")


@transaction.atomic
def create_account(
    role: str,
    email: str,
    password: str | None,
    *,
    name: str = "",
    is_superuser: bool = False,
    groups: Iterable[Group] = (),
    courses: Iterable[Course] = (),
    runs: Iterable[CourseRun] = (),
    learner: Learner | None = None,
    others: Mapping[str, Iterable[Any]] | None = None,
) -> User:
    """Create an account with a role; ValidationError when the address is invalid or taken.

    Without a password, the account cannot sign in by one until it is invited to set one.
    `courses` and `runs` are granted to a manager; `learner` is the person whose enrollments a
    learner's account shows. `others` are granted besides, by the names in `other_grants`.
    """
    draft = User(email=email.strip().lower(), name=name)
    draft.clean_fields(exclude={"password"})
    if User.objects.filter(email__iexact=draft.email).exists():
        message = gettext("%(email)s already has an account.") % {"email": draft.email}
        raise ValidationError({"email": message})
    account = User.objects.create_user(
        draft.email, password, name=name, is_staff=role == STAFF, is_superuser=is_superuser
    )
    account.groups.set(groups)
    CourseGrant.objects.bulk_create(CourseGrant(user=account, course=one) for one in courses)
    RunGrant.objects.bulk_create(RunGrant(user=account, run=one) for one in runs)
    if learner:
        learner.user = account
        learner.save(update_fields=["user"])
    other_grants.give(account, others or {})
    return account
