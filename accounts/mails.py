"""E-mails to single people, as text and as HTML from two templates of one name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string


def send_mail(address: str, subject: str, template: str, context: Mapping[str, Any]) -> None:
    """Send `template`.txt with `template`.html; OSError if the mail server does not accept it.

    In the language that is active.
    """
    mail = EmailMultiAlternatives(
        subject=subject,
        body=render_to_string(f"{template}.txt", dict(context)),
        to=[address],
        headers={"Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(render_to_string(f"{template}.html", dict(context)), "text/html")
    mail.send()
