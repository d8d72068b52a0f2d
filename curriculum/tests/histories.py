"""Hypothesis settings for the tests that replay random histories of events."""

from __future__ import annotations

from django.db import connection
from hypothesis import HealthCheck, settings

# the logic is the same on every database, so a few histories are enough on PostgreSQL
MANY, FEW = 15, 5


def enough(many: int = MANY, few: int = FEW) -> int:
    return many if connection.vendor == "sqlite" else few


HISTORIES = settings(
    max_examples=enough(),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
