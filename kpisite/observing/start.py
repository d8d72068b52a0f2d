"""Start what the settings ask for, in each program; what is not installed is a sentence."""

from __future__ import annotations

import logging

from kpisite.observing import errors, traces

logger = logging.getLogger(__name__)


def start_wanted() -> None:
    for one in (errors, traces):
        if why := one.problem():
            logger.warning("%s Run: pip install -r requirements-observability.txt", why)
        elif one.is_wanted():
            one.start()
