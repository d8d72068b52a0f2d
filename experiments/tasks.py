from __future__ import annotations

from datetime import datetime

from celery import shared_task
from django.db import InterfaceError, OperationalError

from experiments import nightly
from experiments.analysis.analyze import analyze
from experiments.models import Experiment


@shared_task(autoretry_for=(OperationalError, InterfaceError), retry_backoff=True, max_retries=8)
def analyze_experiment(pk: int) -> None:
    """Analyze an experiment now; nothing happens if it was deleted meanwhile."""
    experiment = Experiment.objects.filter(pk=pk).first()
    if experiment is not None:
        analyze(experiment)


@shared_task(autoretry_for=(OperationalError, InterfaceError), retry_backoff=True, max_retries=8)
def analyze_at_night(pk: int, now: str) -> None:
    """Analyze an experiment for the night of an ISO moment, unless that was done."""
    experiment = Experiment.objects.filter(pk=pk).first()
    if experiment is not None:
        nightly.analyze_night(experiment, datetime.fromisoformat(now))
