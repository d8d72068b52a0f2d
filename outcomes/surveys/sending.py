"""Send what is due. An invitation is claimed before it is sent, so that no two workers send it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from smtplib import SMTPDataError, SMTPRecipientsRefused

from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import F, QuerySet

from accounts.languages import in_language_of
from curriculum.models import Enrollment
from outcomes.models import Invitation, Wave
from outcomes.surveys import emails, events
from outcomes.surveys.audience import to_remind, waiting

logger = logging.getLogger(__name__)

# mails in one round, for which a task has an hour
MOST = 1_000
# what a mail server says of one mail; ValueError: the address is none
REFUSALS = (SMTPRecipientsRefused, SMTPDataError, ValueError)


def send_due(now: datetime) -> int:
    """Send the invitations and reminders of every open wave; returns how many mails went out.

    OSError when the mail server cannot be reached: nothing is lost, the next round tries again.
    """
    sent = 0
    for wave in Wave.objects.open(now).select_related("survey").order_by("opens_at", "pk"):
        sent += send_wave(wave, now, most=MOST - sent)
    return sent


def send_wave(wave: Wave, now: datetime, *, most: int = MOST) -> int:
    """Send what is due of one open wave, at most so many mails; returns how many went out."""
    new = list(waiting(wave, now)[:most])
    silent = list(to_remind(wave, now)[: most - len(new)])
    if not new and not silent:
        return 0
    with get_connection() as connection:
        post = Mailer(wave, connection, now)
        invited = sum(post.invite(one, to=one.address) for one in new)
        return invited + sum(post.remind(one, to=one.address) for one in silent)


@dataclass(frozen=True)
class Mailer:
    """One round of one wave."""

    wave: Wave
    connection: BaseEmailBackend
    now: datetime

    def invite(self, enrollment: Enrollment, *, to: str) -> bool:
        """True once it is sent; False when another worker sends it or the server refuses it."""
        invitation, _ = Invitation.objects.get_or_create(wave=self.wave, enrollment=enrollment)
        mine = Invitation.objects.filter(pk=invitation.pk)
        if not mine.unsent(self.now).update(claimed_at=self.now):
            return False
        with given_back(mine, "claimed_at"):
            is_sent = self._send(enrollment, invitation, to, is_reminder=False)
        if is_sent:
            events.record_sent(invitation, self.now)
        else:
            mine.update(claimed_at=None, attempts=F("attempts") + 1)
        return is_sent

    def remind(self, invitation: Invitation, *, to: str) -> bool:
        """Remind once: a reminder that the server refuses is not tried again."""
        mine = Invitation.objects.filter(pk=invitation.pk)
        if not mine.filter(reminded_at=None).update(reminded_at=self.now):
            return False
        with given_back(mine, "reminded_at"):
            return self._send(invitation.enrollment, invitation, to, is_reminder=True)

    def _send(
        self, enrollment: Enrollment, invitation: Invitation, to: str, *, is_reminder: bool
    ) -> bool:
        """False when the mail server refuses this one mail."""
        try:
            with in_language_of(enrollment.learner.user):
                emails.message(
                    self.wave,
                    enrollment,
                    to=to,
                    invitation_id=invitation.pk,
                    is_reminder=is_reminder,
                    connection=self.connection,
                ).send()
        except REFUSALS as error:
            # what it says names the address
            logger.warning("mail of invitation %d refused: %s", invitation.pk, type(error).__name__)
            return False
        return True


@contextmanager
def given_back(mine: QuerySet[Invitation], claim: str) -> Iterator[None]:
    """Give the claim back when the mail server is not there."""
    try:
        yield
    except OSError:
        mine.update(**{claim: None})
        raise
