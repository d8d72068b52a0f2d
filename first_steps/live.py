"""Let a page that waits for the first data update when something has arrived."""

from __future__ import annotations

from typing import Any

from accounts.reader import Reader
from dashboard.live.versions import publish_change
from kpis.definitions.registry import headline
from kpis.models import PeriodKind
from kpis.signals import recompute_finished
from presentation.categories import CATEGORIES
from presentation.page_query import has_any_data

EVERYTHING = Reader(True, True, True, frozenset())
# the categories that are known to have figures, which stays so
_filled: set[str] = set()


def connect() -> None:
    recompute_finished.connect(_publish_to_empty_tabs, dispatch_uid="first_steps")


def topics() -> list[str]:
    """What a page with the checklist follows: the figures that an open dashboard shows."""
    return [f"{key}.{PeriodKind.MONTH}" for key in CATEGORIES]


def _publish_to_empty_tabs(**_: Any) -> None:
    """Events without a figure change the checklist, too, and only an empty tab shows it."""
    empty = [key for key in CATEGORIES if key not in _filled]
    _filled.update(key for key in empty if has_any_data(headline(key), EVERYTHING))
    if still_empty := [f"{key}.{PeriodKind.MONTH}" for key in empty if key not in _filled]:
        publish_change(still_empty)
