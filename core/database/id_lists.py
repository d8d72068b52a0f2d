"""Look up thousands of rows by id: as one parameter, which Django need not write out."""

from __future__ import annotations

import json
from collections.abc import Iterable

from django.db import connection, models
from django.db.models.expressions import RawSQL


def ids_in(ids: Iterable[int]) -> RawSQL:
    """Return a subquery of these ids, for a lookup such as `learner__in`."""
    some = sorted(set(ids))
    field = models.BigIntegerField()
    if connection.vendor == "postgresql":
        return RawSQL("SELECT unnest(%s::bigint[])", [some], output_field=field)
    return RawSQL("SELECT value FROM json_each(%s)", [json.dumps(some)], output_field=field)
