"""Where a sender may leave the specification in its requests, and how often it did."""

from __future__ import annotations

from django.db.models import F

from accounts.models import ApiKey
from core.database.locks import queue_to_write
from xapi.models import SenderRules

# what @xapi/xapi adds to requests, and the specification refuses like any unknown parameter
CACHEBUSTER = "cachebuster"


def ignores_cachebuster(key: ApiKey) -> bool:
    return _uses(key, "ignores_cachebuster", "cachebusters_ignored")


def overwrites_profiles(key: ApiKey) -> bool:
    return _uses(key, "overwrites_profiles", "profiles_overwritten")


def _uses(key: ApiKey, leniency: str, counter: str) -> bool:
    """Return whether this is a leniency of the key, and count that it was used."""
    with queue_to_write():
        rules = SenderRules.objects.filter(key=key, **{leniency: True})
        return bool(rules.update(**{counter: F(counter) + 1}))
