"""The zone that the stored days and periods belong to, and the way to another one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from intake.models import Event
from intake.replay import replay_events
from kpis.models import ReportingZone
from kpis.recompute import from_scratch, recompute_stale
from kpisite.jobs import history_span

Progress = Callable[[str, int, int], object]


class ZoneChangedError(Exception):
    """The days are stored in another zone than KPI_TIME_ZONE names."""

    def __init__(self, stored: str) -> None:
        super().__init__(
            f"KPI_TIME_ZONE is {settings.KPI_TIME_ZONE}, but days and figures are stored in "
            f"{stored}: run manage.py recompute, which moves them, or set KPI_TIME_ZONE={stored}."
        )


def stored() -> str:
    """The zone of what is stored; where nothing is yet, that of the setting from now on."""
    zone, _ = ReportingZone.objects.get_or_create(
        pk=ReportingZone.ONLY, defaults={"name": settings.KPI_TIME_ZONE, "since": timezone.now()}
    )
    return zone.name


def check() -> None:
    """ZoneChangedError where figures would be labelled with a zone that they are not of."""
    if (zone := stored()) != settings.KPI_TIME_ZONE:
        raise ZoneChangedError(zone)


def refuse_another() -> None:
    """Stop this server where days and figures are stored in another zone.

    A database that is away or empty stops nothing here: whoever needs it says so.
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


def follow(progress: Progress = lambda what, done, total: None) -> bool:
    """Move days and figures to the zone of the setting; returns whether it was another one.

    Days are made again from the events, so what was imported by the day keeps its days. Killed
    half-way, it begins anew: the zone is noted last. The servers must be stopped meanwhile.
    """
    if stored() == settings.KPI_TIME_ZONE:
        return False
    with recompute_stale.recompute_lock():
        _replay(progress)
        now = timezone.now()
        jobs = from_scratch.jobs_for(
            from_scratch.aggregated_indicators(), *history_span.days(now), now
        )
        from_scratch.recompute(jobs, now, partial(progress, "figures"))
        ReportingZone.objects.update(name=settings.KPI_TIME_ZONE, since=now)
    return True


def _replay(progress: Progress) -> None:
    total, done = Event.objects.count(), 0

    def advance(replayed: int) -> None:
        nonlocal done
        done += replayed
        progress("events", done, total)

    replay_events(progress=advance)
