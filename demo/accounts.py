"""The demonstration accounts: staff, a manager of two courses and a learner.

On a site that only the local machine can reach, they share a known password; otherwise each gets a
random one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from secrets import token_urlsafe

from django.conf import settings
from django.contrib.auth.hashers import make_password

from accounts.models import CourseGrant, User
from curriculum.models import Course, Learner
from demo.known_password import EMAILS, KNOWN
from demo.world.journeys import Journey

MANAGED_COURSES = ("cloud-operations", "data-analysis")
ACCOUNTS = tuple(EMAILS.items())
ACCOUNTS_FILE = "demo-accounts.txt"


def choose_passwords() -> dict[str, str]:
    """Choose a password for each role."""
    return {role: KNOWN if settings.IS_LOCAL else token_urlsafe(12) for role, _ in ACCOUNTS}


def create(journeys: Sequence[Journey], passwords: Mapping[str, str]) -> User:
    """Create the accounts and return the staff account; the learner is one of the journeys."""
    # hash each password once: a hash takes as long as a thousand events
    hashes = {one: make_password(one) for one in set(passwords.values())}
    names = {
        "staff": "Sam Staff",
        "manager": "Mo Manager",
        "learner": most_active_learner(journeys).name,
    }
    users = {
        role: User.objects.create(email=email, name=names[role], password=hashes[passwords[role]])
        for role, email in ACCOUNTS
    }
    User.objects.filter(pk=users["staff"].pk).update(is_staff=True, is_superuser=True)
    CourseGrant.objects.bulk_create(
        CourseGrant(user=users["manager"], course=course)
        for course in Course.objects.filter(key__in=MANAGED_COURSES)
    )
    learner = users["learner"]
    Learner.objects.filter(key=most_active_learner(journeys).key).update(
        user=learner, email=learner.email
    )
    return users["staff"]


def most_active_learner(journeys: Sequence[Journey]) -> Learner:
    """The learner with the most activities, preferably one with a course in progress."""
    activities: dict[str, int] = {}
    learners = {}
    for journey in journeys:
        if journey.counts:
            learners[journey.learner.key] = journey.learner
            activities[journey.learner.key] = activities.get(journey.learner.key, 0) + len(
                journey.activities
            )
    active = {one.learner.key for one in journeys if one.counts and _is_in_progress(one)}
    return learners[max(active or learners, key=lambda key: (activities[key], key))]


def _is_in_progress(journey: Journey) -> bool:
    return (
        journey.finishes
        and bool(journey.activities)
        and _completed_modules(journey) < len(journey.steps)
    )


def _completed_modules(journey: Journey) -> int:
    return sum(activity.kind == "module.completed" for activity in journey.activities)


def save_passwords(folder: Path) -> None:
    """Write the accounts to a file for script/server that only its owner can read."""
    path = folder / ACCOUNTS_FILE
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text("".join(f"{role} {email} {KNOWN}\n" for role, email in ACCOUNTS))
