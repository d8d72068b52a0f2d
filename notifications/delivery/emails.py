"""E-mails: one for all that waits for the same reader and course."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.translation import gettext

from accounts.languages import account_at, in_language_of
from notifications.models import Notification
from notifications.outbox.payloads import headline_of


def send_alerts(rows: Sequence[Notification]) -> None:
    """Send the rows as one mail; OSError when the mail server does not take it."""
    with in_language_of(account_at(rows[0].to)):
        context = {
            "subject": _subject(rows),
            "notices": [{**row.payload, "headline": headline_of(row.payload)} for row in rows],
            "course": rows[0].course,
            "address": f"{settings.KPI_BASE_URL}/alerts",
        }
        _send("notifications/mail/alerts", rows[0], context, {})


def send_test(row: Notification) -> None:
    with in_language_of(account_at(row.to)):
        _send(
            "notifications/mail/test",
            row,
            {"subject": gettext("A test of Learning KPIs"), **row.payload},
            {},
        )


def send_summary(row: Notification) -> None:
    """Send a weekly summary, with the headers by which mail programs offer to unsubscribe."""
    leave = row.payload["unsubscribe"]
    headers = {
        "List-Unsubscribe": f"<{leave}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    with in_language_of(account_at(row.to)):
        _send("dashboard/mail/weekly", row, row.payload, headers)


def _subject(rows: Sequence[Notification]) -> str:
    if len(rows) == 1:
        return headline_of(rows[0].payload)
    about = f" – {rows[0].course}" if rows[0].course else ""
    return f"{len(rows)} alerts have news{about}"


def _send(
    template: str, row: Notification, context: dict[str, Any], headers: dict[str, str]
) -> None:
    """Sent twice, a parcel has the same Message-ID, which mail boxes show once."""
    mail = EmailMultiAlternatives(
        subject=" ".join(str(context["subject"]).split()),
        body=render_to_string(f"{template}.txt", context),
        to=[row.to],
        headers={
            "Message-ID": f"<notice-{row.parcel}@{_host()}>",
            "Auto-Submitted": "auto-generated",
            **headers,
        },
    )
    html = render_to_string(f"{template}.html", context)
    mail.attach_alternative(html, "text/html")
    mail.send()


def _host() -> str:
    return urlsplit(settings.KPI_BASE_URL).hostname or "localhost"
