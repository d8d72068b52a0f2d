"""Pseudonyms of ids: the same in the API and the views, and useless without the secret."""

from __future__ import annotations

import hashlib

from exports.models import PseudonymSecret

LENGTH = 32


def secret() -> str:
    return PseudonymSecret.objects.get_or_create(pk=PseudonymSecret.ONLY)[0].value


def pseudonym(secret: str, of: str, pk: int | None) -> str | None:
    """Return the pseudonym of a learner or customer; None for none."""
    if pk is None:
        return None
    return hashlib.sha256(f"{secret}:{of}:{pk}".encode()).hexdigest()[:LENGTH]


def in_postgres(of: str, expression: str) -> str:
    """Return SQL for the same."""
    table = PseudonymSecret._meta.db_table
    return (
        f"left(encode(sha256(convert_to((SELECT value FROM {table}) || ':{of}:' || "  # noqa: S608
        f"({expression})::text, 'UTF8')), 'hex'), {LENGTH})"
    )
