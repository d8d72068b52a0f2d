"""Analyze every experiment once a night, in the first cycle after local midnight."""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import Q

from core import reporting_clock, task_queue
from core.database.locks import try_lock
from experiments.analysis.analyze import analyze
from experiments.models import Analysis, Experiment
from kpis.definitions.periods import local_day, midnight

logger = logging.getLogger(__name__)

TASK = "experiments.tasks.analyze_at_night"
# late facts of a stopped experiment that nobody decides about are not awaited forever
FOLLOWED_FOR = timedelta(days=90)


def analyze_due(now: datetime) -> int:
    """Analyze what has no analysis of this night yet; returns how many.

    Two queries if there is none. Workers are asked to take part, one task per experiment. It is
    safe to run twice, at once, or to be killed: each analysis is stored completely or not at all.
    """
    night = _night(now)
    done = Analysis.objects.filter(night=night).values("experiment")
    rows = Experiment.objects.filter(
        Q(state=Experiment.State.RUNNING)
        | Q(state=Experiment.State.STOPPED, stopped_at__gt=now - FOLLOWED_FOR),
        started_at__lt=midnight(night, reporting_clock.reporting_zone()),
    ).exclude(pk__in=done)
    if not rows.exists():
        return 0
    due = list(rows)
    if connection.vendor == "postgresql":
        tasks = [(one.pk, now.isoformat()) for one in due[1:]]
        task_queue.enqueue_all(TASK, tasks, otherwise="experiments are analyzed one by one")
    return sum(analyze_night(one, now) for one in due)


def _night(now: datetime) -> date:
    return local_day(now, reporting_clock.reporting_zone())


def analyze_night(experiment: Experiment, now: datetime) -> int:
    """Analyze one experiment unless it has its analysis of this night, or somebody is at it.

    What goes wrong with one must not keep the others from theirs. Returns 1 if it was analyzed.
    """
    night = _night(now)
    through = midnight(night, reporting_clock.reporting_zone())
    with try_lock(f"analyze-experiment-{experiment.pk}") as is_ours:
        if not is_ours or Analysis.objects.filter(experiment=experiment, night=night).exists():
            return 0
        try:
            analyze(experiment, now=now, through=through, night=night)
        except Exception:
            logger.exception("Experiment %s could not be analyzed.", experiment.key)
            return 0
    return 1
