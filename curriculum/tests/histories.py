"""How many made-up histories the tests of order and replay go through."""

from __future__ import annotations

from django.db import connection
from hypothesis import HealthCheck, settings

# the histories are the same on every database, whose statements a few of them try as well
MANY, FEW = 15, 5


def enough(many: int = MANY, few: int = FEW) -> int:
    return many if connection.vendor == "sqlite" else few


HISTORIES = settings(
    max_examples=enough(),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
