"""Check that stored days are in the configured time zone, and convert them to another."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from intake.replay import replay_events
from kpis.models import ReportingZone
from kpis.recompute import from_scratch, recompute_stale
from kpisite.jobs import history_span

Progress = Callable[[str, int, int], object]


class ZoneChangedError(Exception):
    """The stored days are in another zone than KPI_TIME_ZONE."""

    def __init__(self, stored: str) -> None:
        super().__init__(
            f"KPI_TIME_ZONE is {settings.KPI_TIME_ZONE}, but days and figures are stored in "
            f"{stored}. Run manage.py recompute to convert them, or set KPI_TIME_ZONE={stored}."
        )


def stored_zone() -> str:
    """Return the zone of stored days; if there is none yet, store the one of the setting."""
    zone, _ = ReportingZone.objects.get_or_create(
        pk=ReportingZone.ONLY, defaults={"name": settings.KPI_TIME_ZONE, "since": timezone.now()}
    )
    return zone.name


def check() -> None:
    """Raise ZoneChangedError if days are stored in another zone than KPI_TIME_ZONE."""
    if (zone := stored_zone()) != settings.KPI_TIME_ZONE:
        raise ZoneChangedError(zone)


def exit_if_changed() -> None:
    """Exit this process if days are stored in another zone.

    A database that is unreachable or empty is ignored here; others will report it.
    """
    try:
        check()
    except (DatabaseError, InterfaceError):
        return
    except ZoneChangedError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)
    finally:
        connection.close()


def convert(progress: Progress = lambda what, done, total: None) -> bool:
    """Convert days and figures to KPI_TIME_ZONE; return False if they already are in it.

    Days are derived again from the events; data that was imported by day keeps its days, and so do
    facts whose events have been purged. The zone is stored last, so an interrupted conversion
    starts over. Stop the servers meanwhile.
    """
    if stored_zone() == settings.KPI_TIME_ZONE:
        return False
    with recompute_stale.recompute_lock():
        replay_events(progress=partial(progress, "courses"))
        now = timezone.now()
        jobs = from_scratch.jobs_for(
            from_scratch.aggregated_indicators(), *history_span.first_and_last_day(now), now
        )
        from_scratch.recompute(jobs, now, partial(progress, "figures"))
        ReportingZone.objects.update(name=settings.KPI_TIME_ZONE, since=now)
    return True
