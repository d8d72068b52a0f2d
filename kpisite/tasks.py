"""Celery tasks of the whole site."""

from __future__ import annotations

from datetime import datetime

from celery import shared_task
from celery.signals import celeryd_init
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from core.database import query_planner
from kpisite import erased_copies, time_zone
from kpisite.jobs import cycle, retention
from learners.own_data import erasures


@celeryd_init.connect
def check_time_zone(**_: object) -> None:
    time_zone.exit_if_changed()


@shared_task(autoretry_for=(OperationalError, InterfaceError), retry_backoff=True, max_retries=8)
def run_cycle(now: str | None = None) -> None:
    """Run the cycle as of now, or of an ISO moment."""
    cycle.run(datetime.fromisoformat(now) if now else timezone.now())


@shared_task(autoretry_for=(OperationalError, InterfaceError), retry_backoff=True, max_retries=8)
def delete_old() -> None:
    """Delete rows that are older than the settings allow, and erase learners who asked for it."""
    now = timezone.now()
    retention.delete_old(now)
    erasures.carry_out_due(now)
    erased_copies.rewrite_files()


@shared_task(autoretry_for=(OperationalError, InterfaceError), retry_backoff=True, max_retries=3)
def keep_statistics() -> None:
    """Update the query planner's statistics on databases that do not do so by themselves."""
    query_planner.analyze_grown_tables()
