"""Analyze every experiment once a night, in the first cycle after local midnight."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db.models import Q

from core import reporting_clock
from core.database.locks import try_lock
from experiments.analysis.analyze import analyze
from experiments.models import Analysis, Experiment
from kpis.definitions.periods import local_day, midnight

logger = logging.getLogger(__name__)
# late facts of a stopped experiment that nobody decides about are not awaited forever
FOLLOWED_FOR = timedelta(days=90)


def analyze_due(now: datetime) -> int:
    """Analyze what has no analysis of this night yet; returns how many.

    Two queries if there is none. It is safe to run twice, at once, or to be killed: each analysis
    is stored completely or not at all.
    """
    zone = reporting_clock.reporting_zone()
    night = local_day(now, zone)
    through = midnight(night, zone)
    done = Analysis.objects.filter(night=night).values("experiment")
    rows = Experiment.objects.filter(
        Q(state=Experiment.State.RUNNING)
        | Q(state=Experiment.State.STOPPED, stopped_at__gt=now - FOLLOWED_FOR),
        started_at__lt=through,
    ).exclude(pk__in=done)
    if not rows.exists():
        return 0
    with try_lock("analyze-experiments") as is_ours:
        return sum(_analyze(one, now, through) for one in rows) if is_ours else 0


def _analyze(experiment: Experiment, now: datetime, through: datetime) -> int:
    """Analyze one; what goes wrong with one must not keep the others from theirs."""
    night = local_day(through, reporting_clock.reporting_zone())
    try:
        analyze(experiment, now=now, through=through, night=night)
    except Exception:
        logger.exception("Experiment %s could not be analyzed.", experiment.key)
        return 0
    return 1
