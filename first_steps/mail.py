from __future__ import annotations

from django.conf import settings

NOWHERE = ("console", "filebased", "dummy")


def is_mail_delivered() -> bool:
    """Return whether e-mails are sent, and not only printed or stored."""
    return not any(f".{one}." in settings.EMAIL_BACKEND for one in NOWHERE)
