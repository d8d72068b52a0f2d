"""Digests that stand for e-mail and network addresses in rows, cookies and logs."""

from __future__ import annotations

from django.utils.crypto import salted_hmac


def digest(text: str) -> str:
    """Replace an e-mail or network address in rows and logs, which must not contain it."""
    return salted_hmac("curriculum.sign-in", text, algorithm="sha256").hexdigest()[:32]


def account_digest(email: str) -> str:
    return digest(email.strip().lower())
