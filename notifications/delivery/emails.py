"""E-mails: one for all notifications of the same reader and course."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.translation import gettext

from accounts.languages import account_at, in_language_of
from core import localized
from core.notices import notices
from notifications.models import Notification

# its name, content and type
File = tuple[str, bytes, str]


class NoLongerNeeded(Exception):  # noqa: N818 - no error, a reason
    """The mail must not be sent any more; says why."""


@dataclass(frozen=True)
class Letter:
    """A mail from templates; the context has the `subject` and the link to `unsubscribe`."""

    template: str
    context: dict[str, Any]
    files: Sequence[File] = ()


# By the kind in the payload, for mails whose content is written when they are sent. The language is
# that of the reader while the context is open.
WRITERS: dict[str, Callable[[Notification], AbstractContextManager[Letter]]] = {}


def send_alerts(rows: Sequence[Notification]) -> None:
    """Send notifications as one mail; OSError if the mail server rejects it."""
    with in_language_of(account_at(rows[0].to)):
        context = {
            "subject": _subject(rows),
            "notifications": [{**row.payload, "headline": row.headline} for row in rows],
            "address": f"{settings.KPI_BASE_URL}/alerts",
        }
        _send("notifications/mail/alerts", rows[0], context, {})


def send_test(row: Notification) -> None:
    with in_language_of(account_at(row.to)):
        context = {"subject": gettext("A test of Learning KPIs"), **row.payload}
        _send("notifications/mail/test", row, context, {})


def send_to_account(row: Notification) -> None:
    """Send a weekly summary, or what an app writes at this moment for the kind of the payload."""
    if write := WRITERS.get(row.payload.get("kind", "")):
        with write(row) as letter:
            _send(
                letter.template, row, letter.context, _unsubscribing(letter.context), letter.files
            )
    else:
        with in_language_of(account_at(row.to)):
            _send("notifications/mail/weekly", row, row.payload, _unsubscribing(row.payload))


def _unsubscribing(context: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers for the unsubscribe button of mail programs."""
    return {
        "List-Unsubscribe": f"<{context['unsubscribe']}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def _subject(rows: Sequence[Notification]) -> str:
    if len(rows) == 1:
        return rows[0].headline
    count = {"count": localized.number(len(rows)), "course": rows[0].course}
    if rows[0].course is None:
        return gettext("%(count)s alert notifications") % count
    return gettext("%(count)s alert notifications – %(course)s") % count


def _send(
    template: str,
    row: Notification,
    context: dict[str, Any],
    headers: dict[str, str],
    files: Sequence[File] = (),
) -> None:
    """Send a mail. A batch sent twice has the same Message-ID, so mailboxes show it once."""
    context = {**context, "notices": notices()}
    mail = EmailMultiAlternatives(
        subject=" ".join(str(context["subject"]).split()),
        body=render_to_string(f"{template}.txt", context),
        to=[row.to],
        headers={
            "Message-ID": f"<notice-{row.batch}@{_host()}>",
            "Auto-Submitted": "auto-generated",
            **headers,
        },
    )
    html = render_to_string(f"{template}.html", context)
    mail.attach_alternative(html, "text/html")
    for name, content, content_type in files:
        mail.attach(name, content, content_type)
    mail.send()


def _host() -> str:
    return urlsplit(settings.KPI_BASE_URL).hostname or "localhost"
