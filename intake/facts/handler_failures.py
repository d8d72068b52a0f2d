"""Run handlers so that one that fails takes back its own work only."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import InterfaceError, OperationalError, transaction

from intake.events.envelope import EventRejected

logger = logging.getLogger(__name__)

FAILED = EventRejected("failed", "It could not be processed; the fault is logged.")


def succeeds(work: Callable[[], None], *, batch_size: int) -> bool:
    """Do this work or nothing of it; False where a handler failed."""
    try:
        with transaction.atomic():
            work()
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        logger.exception("a handler failed in a batch of %d events", batch_size)
        return False
    return True
