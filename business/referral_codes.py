"""Referral codes: how they are made, read and remembered."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac

from business.models import Invitation, ReferralCode, RememberedCode
from core.database_wait import SHORT_WAIT, wait_at_most
from core.external_keys import normalize_key as canonical_key
from curriculum.models import Learner

# no vowels, which would make words, and nothing that is read as something else
LETTERS = "23456789BCDFGHJKMNPQRSTVWXYZ"
LENGTH = 8
REMEMBERED_FOR = timedelta(days=90)


def normalize_code(code: str) -> str:
    """The code as it is kept, however it was typed: without hyphens, spaces and small letters."""
    return "".join(sign for sign in code.upper() if sign not in " -\t")


def code_of(learner: Learner) -> ReferralCode:
    """The learner's own code; the first time, it is made.

    OperationalError where others write for longer than who reads should wait.
    """
    return ReferralCode.objects.filter(learner=learner).first() or _make_code(learner)


def _make_code(learner: Learner) -> ReferralCode:
    while True:
        code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
        try:
            with wait_at_most(SHORT_WAIT), transaction.atomic():
                mine, _ = ReferralCode.objects.get_or_create(
                    learner=learner, defaults={"code": code}
                )
                return mine
        except IntegrityError:
            # somebody else has just that code: one in 380 thousand million
            continue


def owners(codes: Collection[str]) -> dict[str, int]:
    """The learners (ids) behind codes of ours, or of whoever first invited by another's code."""
    found: dict[str, int] = {}
    invited = Invitation.objects.filter(code__in=codes).order_by("-sent_at", "-sender", "-key")
    found |= dict(invited.values_list("code", "learner_id"))
    ours = ReferralCode.objects.filter(code__in=codes)
    return found | dict(ours.values_list("code", "learner_id"))


def remember(learner: Learner, code: str, *, now: datetime) -> None:
    """Keep a code for the learner's next enrolment, unless it waits already.

    OperationalError where others write for longer than who reads should wait.
    """
    since = now - REMEMBERED_FOR
    waiting = RememberedCode.objects.filter(learner=learner, code=code, remembered_at__gt=since)
    if not waiting.exists():
        with wait_at_most(SHORT_WAIT):
            RememberedCode.objects.create(learner=learner, code=code, remembered_at=now)


def digest_of(invitee: str) -> str:
    """What is kept of an address: enough to know it again, not to read it."""
    text = " ".join(canonical_key(invitee).split()).casefold()
    return salted_hmac("business.invitee", text, algorithm="sha256").hexdigest()
