"""Create and rotate API keys."""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext

from accounts.models import ApiKey, FormerSecret
from curriculum.models import Course

logger = logging.getLogger(__name__)

PREFIX_LENGTH = 12


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


def rotate_api_key(
    key: ApiKey, *, overlap: timedelta, expires_at: datetime | None, now: datetime
) -> str:
    """Give the key a new secret and return it; the one before works for `overlap`.

    The key stays the same sender with the same scopes and courses, so event ids stay unique. Its
    former secret never works longer than it would have without the rotation. ValueError with a
    sentence if the key was revoked, or would have expired by now.
    """
    with transaction.atomic():
        # of two rotations at once, the second replaces the secret of the first
        key = ApiKey.objects.select_for_update().get(pk=key.pk)
        if key.revoked_at:
            raise ValueError(gettext("The key was revoked. Create a new one."))
        if expires_at and expires_at <= now:
            raise ValueError(gettext("The key would have expired already. Choose a later expiry."))
        ends = now + overlap
        FormerSecret.objects.create(
            key=key,
            prefix=key.prefix,
            digest=key.digest,
            replaced_at=now,
            works_until=min(ends, key.expires_at) if key.expires_at else ends,
            last_used_at=key.last_used_at,
        )
        secret = secrets.token_urlsafe(32)
        key.prefix, key.digest = secret[:PREFIX_LENGTH], digest_of(secret)
        key.expires_at = expires_at
        key.last_used_at = None
        key.save(update_fields=["prefix", "digest", "expires_at", "last_used_at"])
    logger.info("The API key %s was rotated", key)
    return secret


def key_of(secret: str) -> ApiKey | None:
    """Return the key with this secret, current or former, even if it no longer works."""
    digest = digest_of(secret)
    if key := ApiKey.objects.filter(digest=digest).first():
        return key
    former = FormerSecret.objects.filter(digest=digest).select_related("key").first()
    if former is None:
        return None
    former.key.former_secret = former
    return former.key


def valid_until(key: ApiKey) -> float:
    """Return when, in seconds, a request with this key expires."""
    return key.works_until.timestamp() if key.works_until else float("inf")
