"""Count the requests of API keys in Valkey; once a minute a task stores them.

No request writes to the database for this, so sending events and reading figures stay as fast as
without it, however many processes answer them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

from django.core.cache import cache
from django.db import transaction
from django.db.models import Case, DateTimeField, Value, When
from django.utils import timezone

from accounts.models import ApiKey, ApiKeyUse, FormerSecret
from core.database import bulk_upsert
from core.redis_cache import valkey
from core.task_queue import UNREACHABLE, log_unreachable

COUNTED = "api-key-use"
NOT_COUNTED = "requests of API keys are not counted"  # not translated: a log


def count_request(key_id: int, former_id: int | None = None) -> None:
    """Count a request with a key; a former secret has a last use of its own."""
    now = timezone.now()
    used = ("former", former_id) if former_id else ("key", key_id)
    name = cache.make_key(COUNTED)
    try:
        with valkey().pipeline() as both:
            both.hincrby(name, f"{key_id} {timezone.localdate(now)}", 1)
            both.hset(name, " ".join(map(str, used)), str(now.timestamp()))
            both.execute()
    except UNREACHABLE as error:
        log_unreachable(NOT_COUNTED, error)


def store_counts() -> None:
    """Move what was counted to the database; if that fails, it is moved next time."""
    counted = _take()
    try:
        _store(counted)
    except Exception:
        _put_back(counted)
        raise


def _take() -> dict[str, str]:
    """Return and forget what was counted, at once, so that two tasks never store it twice."""
    name = cache.make_key(COUNTED)
    try:
        with valkey().pipeline() as both:
            both.hgetall(name)
            both.delete(name)
            found, _ = both.execute()
    except UNREACHABLE as error:
        log_unreachable(NOT_COUNTED, error)
        return {}
    return {field.decode(): value.decode() for field, value in found.items()}


def _put_back(counted: Mapping[str, str]) -> None:
    name = cache.make_key(COUNTED)
    with valkey().pipeline() as all_of_it:
        for field, value in counted.items():
            if _is_moment(field):
                all_of_it.hsetnx(name, field, value)
            else:
                all_of_it.hincrby(name, field, int(value))
        all_of_it.execute()


def _is_moment(field: str) -> bool:
    return field.startswith(("key ", "former "))


@transaction.atomic
def _store(counted: Mapping[str, str]) -> None:
    if not counted:
        return
    moments = {field: value for field, value in counted.items() if _is_moment(field)}
    # a key may have been deleted meanwhile
    known = set(ApiKey.objects.select_for_update().values_list("pk", flat=True))
    rows = [
        (int(key), date.fromisoformat(day), int(value))
        for field, value in counted.items()
        if field not in moments
        for key, day in [field.split()]
        if int(key) in known
    ]
    bulk_upsert.upsert(
        ApiKeyUse,
        ("key_id", "day", "requests"),
        rows,
        conflict="key_id, day",
        merge={"requests": "add"},
    )
    _store_last_use(ApiKey, _ids(moments, "key"))
    _store_last_use(FormerSecret, _ids(moments, "former"))


def _ids(moments: Mapping[str, str], kind: str) -> dict[int, datetime]:
    return {
        int(field.removeprefix(kind)): datetime.fromtimestamp(float(value), UTC)
        for field, value in moments.items()
        if field.startswith(kind)
    }


def _store_last_use(model: type[ApiKey | FormerSecret], used: Mapping[int, datetime]) -> None:
    whens = [When(pk=pk, then=Value(moment)) for pk, moment in used.items()]
    if whens:
        latest = Case(*whens, output_field=DateTimeField())
        model.objects.filter(pk__in=used).update(last_used_at=latest)
