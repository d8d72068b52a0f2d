"""Whether the site contains demonstration data, or a part. Every page asks: this loads little."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext

from core.database.locks import try_lock
from demo.models import Removal
from intake.events.senders import Sender
from intake.models import Receipt

SENDER = Sender("demonstration")
# a file in the data folder from the first step of loading to the last
LOADING_MARKER = "demonstration-loading"
# held by the process that loads or removes
LOCK = "demonstration"


class Busy(Exception):  # noqa: N818 - an expected outcome
    """Another process is loading the data, or removing them."""


@dataclass(frozen=True)
class Plan:
    """What is loaded: the data up to the day of `now`, from a seed, `scale` times the learners."""

    now: datetime
    seed: int
    scale: float


def is_loaded() -> bool:
    """Return whether there is any demonstration data."""
    # in the order of the index, which SQLite else leaves for a scan if it knows one other sender
    receipts = Receipt.objects.filter(sender=SENDER.name).order_by("sender", "key", "kind")
    return receipts.values("pk").first() is not None


def is_loading() -> bool:
    """Return whether a part is missing, because it is being loaded or that was interrupted."""
    return _marker().exists()


def notice() -> str:
    """What e-mails with figures say; empty without demonstration data."""
    if not is_loaded():
        return ""
    return gettext("Demonstration data: all people and figures are fictional.")


def is_being_removed() -> bool:
    """Return whether the removal was asked for and has not ended."""
    return Removal.objects.unfinished().exists()


@contextmanager
def only_process() -> Iterator[None]:
    """Keep other processes from loading or removing the data meanwhile; Busy if one does."""
    with try_lock(LOCK) as is_ours:
        if not is_ours:
            raise Busy
        yield


def unfinished() -> Plan | None:
    """Return what is being loaded."""
    if not is_loading():
        return None
    given = json.loads(_marker().read_text())
    return Plan(**{**given, "now": datetime.fromisoformat(given["now"])})


def begin(plan: Plan) -> None:
    written = _marker().with_suffix(".new")
    written.write_text(json.dumps({**asdict(plan), "now": plan.now.isoformat()}))
    # at once, so that there is never half a file
    written.replace(_marker())


def end() -> None:
    _marker().unlink(missing_ok=True)


def _marker() -> Path:
    return Path(settings.KPI_DATA_DIR) / LOADING_MARKER
