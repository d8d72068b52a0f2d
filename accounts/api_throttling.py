"""Limit how many requests an API key sends per minute.

Each key has two limits: one for batches of events and one for all other requests. They are counted
in Valkey by the minute, so that they hold for all processes together. While Valkey cannot be
reached, there is no limit.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from rest_framework.exceptions import Throttled
from rest_framework.throttling import BaseThrottle

from accounts.models import ApiKey
from core.redis_cache import valkey
from core.task_queue import UNREACHABLE, log_unreachable

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView

logger = logging.getLogger(__name__)

REQUESTS, BATCHES = "requests", "batches"
SECONDS = 60
NO_LIMIT = "API keys have no limits meanwhile"  # not translated: a log


@dataclass(frozen=True)
class Allowance:
    """What a key may still send in the current minute; negative if it has sent more."""

    kind: str
    limit: int
    remaining: int
    seconds_left: int

    def headers(self) -> dict[str, str]:
        """The fields of the IETF draft "RateLimit header fields for HTTP" (revision 10)."""
        remaining = max(self.remaining, 0)
        return {
            "RateLimit-Policy": f'"{self.kind}";q={self.limit};w={SECONDS}',
            "RateLimit": f'"{self.kind}";r={remaining};t={self.seconds_left}',
        }


class TooManyRequests(Throttled):
    def __init__(self, key: ApiKey, allowance: Allowance) -> None:
        super().__init__(
            detail=f"The API key {key} may send {allowance.limit} {allowance.kind} per minute. "
            f"Try again in {allowance.seconds_left} s."
        )
        # the response's Retry-After
        self.wait = allowance.seconds_left


class KeyThrottle(BaseThrottle):
    """Answer 429 to a key that sends too much; accounts have no limit.

    A view that takes events sets `throttle_scope = BATCHES`.
    """

    def allow_request(self, request: Request, view: APIView) -> bool:
        key: object = request.user
        if not isinstance(key, ApiKey):
            return True
        allowance = take_one(key, getattr(view, "throttle_scope", REQUESTS))
        if allowance is not None:
            view.headers.update(allowance.headers())
            if allowance.remaining == -1:
                logger.warning("API key %s reached its limit of %s", key, allowance.kind)
            if allowance.remaining < 0:
                raise TooManyRequests(key, allowance)
        return True


def limit_of(key: ApiKey, kind: str) -> int:
    """Return how much the key may send per minute; 0 for no limit."""
    if kind == BATCHES:
        own, usual = key.batches_per_minute, settings.KPI_API_BATCHES_PER_MINUTE
    else:
        own, usual = key.requests_per_minute, settings.KPI_API_REQUESTS_PER_MINUTE
    return usual if own is None else own


def take_one(key: ApiKey, kind: str) -> Allowance | None:
    """Count a request; None without a limit, or while Valkey cannot be reached."""
    limit = limit_of(key, kind)
    if not limit:
        return None
    minute, second = divmod(int(timezone.now().timestamp()), SECONDS)
    name = cache.make_key(f"api-rate:{key.pk}:{kind}:{minute}")
    try:
        with valkey().pipeline() as both:
            both.incr(name)
            both.expire(name, 2 * SECONDS)
            sent, _ = both.execute()
    except UNREACHABLE as error:
        log_unreachable(NO_LIMIT, error)
        return None
    return Allowance(kind, limit, limit - sent, SECONDS - second)
