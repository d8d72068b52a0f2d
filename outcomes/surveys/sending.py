"""Send invitations and reminders. Each is claimed first, so that only one worker sends it."""

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
from outcomes.surveys.audience import to_invite, to_remind

logger = logging.getLogger(__name__)

# e-mails per run of the task, which may take an hour
MAX_EMAILS = 1_000
# how a mail server rejects a single e-mail; ValueError: the address is invalid
REJECTIONS = (SMTPRecipientsRefused, SMTPDataError, ValueError)


def send_due(now: datetime) -> int:
    """Send the invitations and reminders of all open waves, and return the number of e-mails.

    OSError if the mail server cannot be reached; the next run tries again.
    """
    sent = 0
    for wave in Wave.objects.open(now).select_related("survey").order_by("opens_at", "pk"):
        sent += send_wave(wave, now, limit=MAX_EMAILS - sent)
    return sent


def send_wave(wave: Wave, now: datetime, *, limit: int = MAX_EMAILS) -> int:
    """Send at most `limit` e-mails of one open wave, and return their number."""
    new = list(to_invite(wave, now)[:limit])
    unanswered = list(to_remind(wave, now)[: limit - len(new)])
    if not new and not unanswered:
        return 0
    with get_connection() as connection:
        mailer = Mailer(wave, connection, now)
        invited = sum(mailer.invite(enrollment, to=enrollment.address) for enrollment in new)
        reminded = sum(mailer.remind(one, to=one.address) for one in unanswered)
        return invited + reminded


@dataclass(frozen=True)
class Mailer:
    """Sends the e-mails of one wave over one connection."""

    wave: Wave
    connection: BaseEmailBackend
    now: datetime

    def invite(self, enrollment: Enrollment, *, to: str) -> bool:
        """Return False if another worker is sending the invitation or the server rejects it."""
        invitation, _ = Invitation.objects.get_or_create(wave=self.wave, enrollment=enrollment)
        mine = Invitation.objects.filter(pk=invitation.pk)
        if not mine.unsent(self.now).update(claimed_at=self.now):
            return False
        with release_on_outage(mine, "claimed_at"):
            is_sent = self._send(enrollment, invitation, to, is_reminder=False)
        if is_sent:
            events.record_sent(invitation, self.now)
        else:
            mine.update(claimed_at=None, attempts=F("attempts") + 1)
        return is_sent

    def remind(self, invitation: Invitation, *, to: str) -> bool:
        """Send the only reminder; one that the server rejects is not sent again."""
        mine = Invitation.objects.filter(pk=invitation.pk)
        if not mine.filter(reminded_at=None).update(reminded_at=self.now):
            return False
        with release_on_outage(mine, "reminded_at"):
            return self._send(invitation.enrollment, invitation, to, is_reminder=True)

    def _send(
        self, enrollment: Enrollment, invitation: Invitation, to: str, *, is_reminder: bool
    ) -> bool:
        """Return False if the mail server rejects this e-mail."""
        try:
            with in_language_of(enrollment.learner.user):
                emails.survey_email(
                    self.wave,
                    enrollment,
                    to=to,
                    invitation_id=invitation.pk,
                    is_reminder=is_reminder,
                    connection=self.connection,
                ).send()
        except REJECTIONS as error:
            # the text of the error contains the address
            logger.warning(
                "the e-mail for invitation %d was rejected: %s", invitation.pk, type(error).__name__
            )
            return False
        return True


@contextmanager
def release_on_outage(mine: QuerySet[Invitation], claim: str) -> Iterator[None]:
    """Release the claim if the mail server cannot be reached."""
    try:
        yield
    except OSError:
        mine.update(**{claim: None})
        raise
