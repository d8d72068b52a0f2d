"""Invite people by a link to choose their password; it works once, and the latest one only."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from celery import current_app
from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext

from accounts.languages import in_language_of
from accounts.mails import send_mail
from accounts.models import Invitation, User

logger = logging.getLogger(__name__)

TASK = "accounts.tasks.mail_invitation"
SALT = "accounts.invitation"


class InvitationTokens:
    """Make and check the secret of a link, as Django's page to set a password expects."""

    def make_token(self, user: User) -> str:
        return signing.dumps(_contents(user.invitation), salt=SALT)

    def check_token(self, user: User | None, token: str | None) -> bool:
        invitation = Invitation.objects.filter(account=user).first() if user and token else None
        if invitation is None or not invitation.is_open or invitation.expires_at < timezone.now():
            return False
        with suppress(signing.BadSignature):
            return bool(signing.loads(token or "", salt=SALT) == _contents(invitation))
        return False


def _contents(invitation: Invitation) -> list[Any]:
    return [invitation.pk, invitation.sent_at.isoformat()]


def send(invitations: Iterable[Invitation]) -> int:
    """Queue a mail with a new link for each that nobody has accepted; return how many.

    Former links stop working; a withdrawn invitation is open again. Raises one of
    `core.task_queue.UNREACHABLE` when the broker cannot be reached.
    """
    sent = 0
    for one in invitations:
        if one.accepted_at is None:
            one.sent_at, one.withdrawn_at = timezone.now(), None
            one.save(update_fields=["sent_at", "withdrawn_at"])
            User.objects.filter(pk=one.account_id).update(is_active=True)
            current_app.send_task(TASK, args=[one.pk], retry=False)
            sent += 1
    return sent


@transaction.atomic
def withdraw(invitations: Iterable[Invitation]) -> int:
    """Close the accounts of open invitations, whose links stop working; return how many."""
    withdrawn = [one for one in invitations if one.is_open]
    for one in withdrawn:
        one.withdrawn_at = timezone.now()
        one.save(update_fields=["withdrawn_at"])
        User.objects.filter(pk=one.account_id).update(is_active=False)
        logger.info("The invitation of account %s was withdrawn", one.account_id)
    return len(withdrawn)


def accept(account: User) -> bool:
    """Mark an open invitation as accepted; False if it is not open any more."""
    mine = Invitation.objects.filter(account=account, accepted_at=None, withdrawn_at=None)
    return bool(mine.update(accepted_at=timezone.now()))


def mail_invitation(pk: int) -> None:
    """Mail the link of an open invitation; OSError when the mail server does not accept it."""
    invitation = Invitation.objects.filter(pk=pk).select_related("account").first()
    if invitation is None or not invitation.is_open:
        return
    account = invitation.account
    with in_language_of(account):
        context = {
            "account": account,
            "address": link_of(account),
            "days": settings.KPI_INVITATION_DAYS,
        }
        subject = gettext("Your invitation to Learning KPIs")
        send_mail(account.email, subject, "accounts/mail/invitation", context)


def link_of(account: User) -> str:
    who = urlsafe_base64_encode(force_bytes(account.pk))
    token = InvitationTokens().make_token(account)
    return settings.KPI_BASE_URL + reverse("invitation", args=[who, token])
