from __future__ import annotations

import logging
from collections.abc import Sequence

from celery import shared_task
from django.db import InterfaceError, OperationalError

from statements import replay
from statements.models import Pattern

logger = logging.getLogger(__name__)


@shared_task(autoretry_for=(OperationalError, InterfaceError), retry_backoff=True, max_retries=8)
def replay_patterns(ids: Sequence[int]) -> dict[str, int]:
    """Interpret the history of these patterns again; it may run twice."""
    outcomes = replay.replay(Pattern.objects.filter(pk__in=ids))
    logger.info("interpreted %d patterns again: %s", len(ids), outcomes)
    return outcomes
