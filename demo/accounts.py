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
from business.models import ReferralCode
from core.readable_codes import normalize_code
from curriculum.models import Course, Learner
from demo.known_password import EMAILS, KNOWN
from demo.world.journeys import Activity, Journey

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
    _give_account(users["learner"], most_active_learner(journeys), journeys)
    return users["staff"]


def _give_account(user: User, learner: Learner, journeys: Sequence[Journey]) -> None:
    """Let the account be that of a learner, whose own code is the one they invite with."""
    row = Learner.objects.get(key=learner.key)
    row.user, row.email = user, user.email
    row.save()
    if code := own_code(journeys, learner):
        ReferralCode.objects.create(learner=row, code=normalize_code(code))


def most_active_learner(journeys: Sequence[Journey]) -> Learner:
    """The learner whose page shows most: with a course in progress, a certificate, and referrals.

    Of several, the one with the most activities.
    """
    counted = [one for one in journeys if one.counts]
    of_learner: dict[str, list[Journey]] = {}
    for journey in counted:
        of_learner.setdefault(journey.learner.key, []).append(journey)
    accepted = {one.code for one in counted if one.code}

    def richness(key: str) -> tuple[bool, bool, bool, int, str]:
        own = of_learner[key]
        activities = [activity for one in own for activity in one.activities]
        return (
            any(map(_is_in_progress, own)),
            any(one.kind == "certificate.earned" for one in activities),
            bool(accepted & {code for code in map(_sent_code, activities) if code}),
            len(activities),
            key,
        )

    return of_learner[max(of_learner, key=richness)][0].learner


def own_code(journeys: Sequence[Journey], learner: Learner) -> str:
    """The code with which a learner invites others; empty without invitations."""
    own = (one for one in journeys if one.learner.key == learner.key)
    return next(filter(None, (_sent_code(act) for one in own for act in one.activities)), "")


def _sent_code(activity: Activity) -> str:
    """The code in an invitation; empty for all other activities."""
    return (activity.data or {}).get("code", "") if activity.kind == "invitation.sent" else ""


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
