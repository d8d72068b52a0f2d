"""From the keys that senders use to the rows that they mean."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models


def ids_by_key(model: type[models.Model], keys: Iterable[str]) -> dict[str, int]:
    """The ids of the rows of a model with a unique `key`; keys that are unknown are left out."""
    rows: models.QuerySet[models.Model] = models.QuerySet(model).filter(key__in=set(keys))
    # in no order: a batch of events looks up many times, and sorting costs more than finding
    return dict(rows.order_by().values_list("key", "pk"))
