from __future__ import annotations

from celery import shared_task
from django.db import InterfaceError, OperationalError

from experiments.analysis.analyze import analyze
from experiments.models import Experiment


@shared_task(autoretry_for=(OperationalError, InterfaceError), retry_backoff=True, max_retries=8)
def analyze_experiment(pk: int) -> None:
    """Analyze an experiment now; nothing happens if it was deleted meanwhile."""
    experiment = Experiment.objects.filter(pk=pk).first()
    if experiment is not None:
        analyze(experiment)
