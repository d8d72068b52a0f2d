"""Create, find and remember referral codes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac

from business.models import Invitation, ReferralCode, RememberedCode
from core.database.waiting import SHORT_WAIT, wait_at_most
from core.external_keys import normalize_key as canonical_key
from core.readable_codes import random_code
from curriculum.models import Learner

LENGTH = 8
REMEMBERED_FOR = timedelta(days=90)


def code_of(learner: Learner) -> ReferralCode:
    """Return the learner's own code, and create it the first time.

    OperationalError when the database is busy for longer than a page should wait.
    """
    return ReferralCode.objects.filter(learner=learner).first() or _create_code(learner)


def _create_code(learner: Learner) -> ReferralCode:
    while True:
        code = random_code(LENGTH)
        try:
            with wait_at_most(SHORT_WAIT), transaction.atomic():
                created, _ = ReferralCode.objects.get_or_create(
                    learner=learner, defaults={"code": code}
                )
                return created
        except IntegrityError:
            # another learner has this code already (a chance of 1 in 380 billion)
            continue


def owners(codes: Collection[str]) -> dict[str, int]:
    """Find the learners (ids) behind codes: their own, or those they were first to invite with."""
    # in descending order, so that the first invitation wins
    invitations = Invitation.objects.filter(code__in=codes).order_by("-sent_at", "-sender", "-key")
    own = ReferralCode.objects.filter(code__in=codes)
    return dict(invitations.values_list("code", "learner_id")) | dict(
        own.values_list("code", "learner_id")
    )


def remember(learner: Learner, code: str, *, now: datetime) -> None:
    """Remember a code for the learner's next enrollment, unless it is remembered already.

    OperationalError when the database is busy for longer than a page should wait.
    """
    since = now - REMEMBERED_FOR
    remembered = RememberedCode.objects.filter(learner=learner, code=code, remembered_at__gt=since)
    if not remembered.exists():
        with wait_at_most(SHORT_WAIT):
            RememberedCode.objects.create(learner=learner, code=code, remembered_at=now)


def digest_of(invitee: str) -> str:
    """Return a keyed digest of an address, which recognizes it but does not reveal it."""
    text = " ".join(canonical_key(invitee).split()).casefold()
    return salted_hmac("business.invitee", text, algorithm="sha256").hexdigest()
