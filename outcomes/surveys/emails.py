"""Compose invitations and reminders."""

from __future__ import annotations

from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string
from django.utils.translation import gettext

from curriculum.models import Enrollment
from outcomes.models import Wave
from outcomes.surveys import links


def survey_email(
    wave: Wave,
    enrollment: Enrollment,
    *,
    to: str,
    invitation_id: int,
    is_reminder: bool,
    connection: BaseEmailBackend,
) -> EmailMultiAlternatives:
    """Compose the e-mail; a repeated one has the same Message-ID, so mailboxes show it once."""
    context = {
        "title": wave.survey.shown_text("title"),
        "introduction": wave.survey.shown_text("introduction"),
        "course": enrollment.run.course,
        "learner": enrollment.learner,
        "last_day": wave.last_day,
        "address": links.url_of(invitation_id),
        "is_reminder": is_reminder,
    }
    titles = {"survey": context["title"], "course": enrollment.run.course.title}
    subject = (
        gettext("Reminder: %(survey)s – %(course)s") if is_reminder else "%(survey)s – %(course)s"
    ) % titles
    name = "reminder" if is_reminder else "invitation"
    mail = EmailMultiAlternatives(
        subject=" ".join(subject.split()),
        body=render_to_string("outcomes/mail/body.txt", context),
        to=[to],
        connection=connection,
        headers={
            "Message-ID": f"<survey-{name}-{invitation_id}@{links.host()}>",
            # asks mail systems not to send automatic replies
            "Auto-Submitted": "auto-generated",
        },
    )
    mail.attach_alternative(render_to_string("outcomes/mail/body.html", context), "text/html")
    return mail
