"""The e-mails: an invitation, and at most one reminder."""

from __future__ import annotations

from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string

from curriculum.models import Enrollment
from outcomes.models import Wave
from outcomes.surveys import links


def message(
    wave: Wave,
    enrollment: Enrollment,
    *,
    to: str,
    invitation_id: int,
    is_reminder: bool,
    connection: BaseEmailBackend,
) -> EmailMultiAlternatives:
    """Write the mail; told twice it has the same Message-ID, which mail boxes show once."""
    context = {
        "survey": wave.survey,
        "course": enrollment.run.course,
        "learner": enrollment.learner,
        "last_day": wave.last_day,
        "address": links.address_of(invitation_id),
        "is_reminder": is_reminder,
    }
    name = "reminder" if is_reminder else "invitation"
    mail = EmailMultiAlternatives(
        subject=" ".join(render_to_string("outcomes/mail/subject.txt", context).split()),
        body=render_to_string("outcomes/mail/body.txt", context),
        to=[to],
        connection=connection,
        headers={
            "Message-ID": f"<survey-{name}-{invitation_id}@{links.host()}>",
            # nobody's automatic answer is wanted
            "Auto-Submitted": "auto-generated",
        },
    )
    mail.attach_alternative(render_to_string("outcomes/mail/body.html", context), "text/html")
    return mail
