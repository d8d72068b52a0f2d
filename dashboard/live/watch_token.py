"""What one open page watches, and the signed token by which it asks whether that has moved."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from django.core import signing
from django.utils.crypto import get_random_string

from core import reporting_clock
from dashboard.live import topics
from dashboard.live.versions import VERSIONS, Topics

# in seconds; a page that nothing moves for as long is read again, by its reader's session
VALID_FOR = 15 * 60
SALT = "dashboard.live"


@dataclass(frozen=True)
class Watch:
    """What a page hands to its script.

    The token stands for the session, whose check would cost a query: whoever holds it learns
    that something moved, and nothing else, until it runs out.
    """

    token: str
    version: str
    zone: str


def watch(figures: Collection[str] = ()) -> Watch:
    """Watch these figures, alerts and targets; call it before any of them is read."""
    wanted = (*sorted(figures), topics.ALERTS, topics.TARGETS)
    until = int(time.time()) + VALID_FOR
    token = signing.dumps([until, get_random_string(6), *wanted], salt=SALT)
    return Watch(token, VERSIONS.read(wanted), reporting_clock.reporting_zone().key)


def topics_of(token: str) -> Topics | None:
    """None for a token that is forged or has run out."""
    try:
        until, wanted = _opened(token)
    except signing.BadSignature:
        return None
    return wanted if time.time() < until else None


@lru_cache(maxsize=4_096)
def _opened(token: str) -> tuple[int, Topics]:
    until, _, *wanted = signing.loads(token, salt=SALT)
    return until, tuple(wanted)
