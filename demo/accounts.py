"""Three people who sign in: staff, a manager of two courses, a learner.

Where nobody else reaches the product they have a password that all know; else random ones.
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

MANAGED = ("cloud-operations", "data-analysis")
ACCOUNTS = tuple(EMAILS.items())
FILE = "demo-accounts.txt"


def choose_passwords() -> dict[str, str]:
    """One for each role."""
    return {role: KNOWN if settings.IS_LOCAL else token_urlsafe(12) for role, _ in ACCOUNTS}


def create(journeys: Sequence[Journey], passwords: Mapping[str, str]) -> User:
    """Make the accounts and return that of staff; the learner's is of somebody in the journeys."""
    # one hash for each password: it takes as long as a thousand events
    hashes = {one: make_password(one) for one in set(passwords.values())}
    names = {"staff": "Sam Staff", "manager": "Mo Manager", "learner": busiest(journeys).name}
    made = {
        role: User.objects.create(email=email, name=names[role], password=hashes[passwords[role]])
        for role, email in ACCOUNTS
    }
    User.objects.filter(pk=made["staff"].pk).update(is_staff=True, is_superuser=True)
    CourseGrant.objects.bulk_create(
        CourseGrant(user=made["manager"], course=course)
        for course in Course.objects.filter(key__in=MANAGED)
    )
    learner = made["learner"]
    Learner.objects.filter(key=busiest(journeys).key).update(user=learner, email=learner.email)
    return made["staff"]


def busiest(journeys: Sequence[Journey]) -> Learner:
    """The learner with the most to see, among those who are at it now."""
    acts: dict[str, int] = {}
    learners = {}
    for journey in journeys:
        if journey.counts:
            learners[journey.learner.key] = journey.learner
            acts[journey.learner.key] = acts.get(journey.learner.key, 0) + len(journey.acts)
    now = {one.learner.key for one in journeys if one.counts and _is_under_way(one)}
    return learners[max(now or learners, key=lambda key: (acts[key], key))]


def _is_under_way(journey: Journey) -> bool:
    return journey.finishes and bool(journey.acts) and _done(journey) < len(journey.lines)


def _done(journey: Journey) -> int:
    return sum(act.kind == "module.completed" for act in journey.acts)


def write_down(folder: Path) -> None:
    """Leave the accounts where script/server finds them; nobody else may read them."""
    path = folder / FILE
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text("".join(f"{role} {email} {KNOWN}\n" for role, email in ACCOUNTS))
