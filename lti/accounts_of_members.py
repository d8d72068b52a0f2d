"""Find or create the account here of a person whom an LMS names.

An LMS never signs in staff, and never takes over an account that somebody has here already: its
owner connects both once, unless staff say that the LMS verifies addresses.
"""

from __future__ import annotations

import logging

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from accounts.account_creation import LEARNER, MANAGER, create_account
from accounts.models import User
from accounts.sign_in.vouched_addresses import account_at
from core.external_keys import normalize_key
from curriculum.models import Learner
from lti.models import Member, Platform
from lti.protocol.claims import Person
from lti.protocol.errors import LaunchRefused

logger = logging.getLogger(__name__)


class MustConnect(Exception):  # noqa: N818 - a question to the visitor
    """Somebody has an account here already, and must say that it is theirs."""

    def __init__(self, member: Member) -> None:
        super().__init__(str(member.pk))
        self.member = member


def account_of(member: Member, person: Person) -> User:
    """Return the open account of this person; LaunchRefused or MustConnect without one."""
    account = member.account
    if account is None:
        known = _known(member, person)
        if known and known.is_staff:
            raise _is_staff()
        if known and not member.platform.verifies_email:
            raise MustConnect(member)
        account = known or _created(member, person)
        connect(member, account)
    if not account.is_active:
        raise LaunchRefused(gettext("This account is closed. Please contact the staff."))
    if account.is_staff:
        raise _is_staff()
    return account


def _is_staff() -> LaunchRefused:
    return LaunchRefused(
        gettext("Staff accounts are not opened by an LMS. Sign in on this site itself."),
        log="a launch for a staff account",  # not translated: a log
    )


def _known(member: Member, person: Person) -> User | None:
    """Return whose account it is by the learner, or by the address."""
    if member.learner and member.learner.user:
        return member.learner.user
    if not person.email:
        return None
    return account_at(person.email)


def connect(member: Member, account: User) -> None:
    member.account = account
    member.save(update_fields=["account"])
    learner = member.learner
    # an account belongs to one learner
    if learner and learner.user is None and not Learner.objects.filter(user=account).exists():
        learner.user = account
        learner.save(update_fields=["user"])
    logger.info("Account %s was connected with LMS %s", account.pk, member.platform_id)


def _created(member: Member, person: Person) -> User:
    """Create an account that nobody signs in to but by the LMS; it has no password."""
    # RFC 2606: no mail ever reaches this domain
    email = person.email or f"lms-{member.platform_id}-{member.pk}@lms.invalid"
    role = MANAGER if person.is_instructor else LEARNER
    try:
        return create_account(role, email, None, name=person.name)
    except ValidationError as error:
        log = "an invalid address"  # not translated: a log
        raise LaunchRefused(" ".join(error.messages), log=log) from error


def learner_key(platform: Platform, person: Person) -> str:
    """Return the key by which events name this person; empty if the LMS does not tell it."""
    found = {
        Platform.LearnerKey.SUBJECT: person.subject,
        Platform.LearnerKey.EMAIL: person.email,
        Platform.LearnerKey.SOURCED_ID: person.sourced_id,
    }[Platform.LearnerKey(platform.learner_key)]
    return normalize_key(found)[:200]
