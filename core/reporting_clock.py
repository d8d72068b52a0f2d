"""The provider's time zone, and the delays after which periods close and data is stale."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

# rows read longer ago than this are no longer being written by anybody
LONGEST_WRITE_SECONDS = 2 * 3_600


def reporting_zone() -> ZoneInfo:
    return ZoneInfo(settings.KPI_TIME_ZONE)


def close_lag() -> timedelta:
    return timedelta(hours=settings.KPI_CLOSE_LAG_HOURS)


def stale_after() -> timedelta:
    return timedelta(days=settings.KPI_STALE_DAYS)
