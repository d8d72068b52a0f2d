"""The signed token with which an open page polls for changes."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from django.core import signing
from django.utils.crypto import get_random_string

from accounts.reader import Reader
from core import reporting_clock
from dashboard.live import topics
from dashboard.live.versions import VERSIONS, Topics

# after that, the page is reloaded once with its reader's session
VALID_FOR_SECONDS = 15 * 60
SALT = "dashboard.live"


@dataclass(frozen=True)
class LiveUpdateData:
    """What a page gives to its script.

    The token replaces the session, whose check would cost a query. Its holder learns that
    something changed and nothing else, until it expires.
    """

    token: str
    version: str
    zone: str


def live_update_data(reader: Reader, figures: Collection[str] = ()) -> LiveUpdateData:
    """Follow these figures, and the alerts and targets that the reader may see.

    Call it before reading any of them.
    """
    followed = (*sorted(figures), *topics.topics_of_reader(reader))
    expires = int(time.time()) + VALID_FOR_SECONDS
    token = signing.dumps([expires, get_random_string(6), *followed], salt=SALT, compress=True)
    return LiveUpdateData(token, VERSIONS.read(followed), reporting_clock.reporting_zone().key)


def topics_in_token(token: str) -> Topics | None:
    """Return the topics that a token allows; None if it is forged or expired."""
    try:
        expires, followed = _load(token)
    except signing.BadSignature:
        return None
    return followed if time.time() < expires else None


@lru_cache(maxsize=4_096)
def _load(token: str) -> tuple[int, Topics]:
    expires, _, *followed = signing.loads(token, salt=SALT)
    return expires, tuple(followed)
