"""Which period is meant: the provider's zone and lags, read from the settings at the door."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

# nothing that was read longer ago than this is still being written
LONGEST_WRITE_SECONDS = 2 * 3_600


def reporting_zone() -> ZoneInfo:
    return ZoneInfo(settings.KPI_TIME_ZONE)


def close_lag() -> timedelta:
    return timedelta(hours=settings.KPI_CLOSE_LAG_HOURS)


def stale_after() -> timedelta:
    return timedelta(days=settings.KPI_STALE_DAYS)
