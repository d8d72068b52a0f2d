"""Create API keys and record their use."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import OperationalError
from django.utils import timezone

from accounts.models import ApiKey
from core.database.waiting import NO_WAIT, wait_at_most
from curriculum.models import Course

PREFIX_LENGTH = 12
LAST_USED_PRECISION = timedelta(minutes=1)


def digest_of(secret: str) -> str:
    """Hash a key's secret.

    The secret has 256 random bits, so a plain SHA-256 is enough: it cannot be found by search.
    """
    return hashlib.sha256(secret.encode()).hexdigest()


def create_api_key(
    name: str,
    scopes: Iterable[str],
    *,
    courses: Iterable[Course] = (),
    creates_unknown: bool = False,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """Create a key and return it with its secret, which is not stored and cannot be shown again.

    Without `courses` the key covers every course. ValueError when a scope is unknown.
    """
    scopes, courses = list(scopes), list(courses)
    if unknown := sorted(set(scopes) - set(ApiKey.Scope.values)):
        raise ValueError(
            f"Unknown scope {', '.join(unknown)}. Allowed: {', '.join(ApiKey.Scope.values)}."
        )
    secret = secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        name=name,
        prefix=secret[:PREFIX_LENGTH],
        digest=digest_of(secret),
        scopes=scopes,
        creates_unknown=creates_unknown,
        expires_at=expires_at,
        is_limited=bool(courses),
    )
    key.courses.set(courses)
    return key, secret


def record_use(key: ApiKey) -> None:
    """Store when the key was used, at most once a minute.

    If another writer blocks the row, skip it: a reader does not wait, and a later request
    records the use.
    """
    now = timezone.now()
    if key.last_used_at is None or now - key.last_used_at >= LAST_USED_PRECISION:
        with suppress(OperationalError), wait_at_most(NO_WAIT):
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)


def valid_until(key: ApiKey) -> float:
    """Return when, in seconds, a request with this key expires or records its use again."""
    if key.last_used_at is None:
        return 0.0
    ends = [key.last_used_at + LAST_USED_PRECISION]
    if key.expires_at is not None:
        ends.append(key.expires_at)
    return min(ends).timestamp()
