"""When the last backup was made and where, kept in Valkey for all hosts."""

from __future__ import annotations

import json
import logging
import socket
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast

from django.core.cache import cache

from core import task_queue
from core.redis_cache import valkey

KEY = "last-backup"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LastBackup:
    made_at: datetime
    path: str
    host: str
    size: int


def note(path: Path, made_at: datetime) -> None:
    """Keep where the backup is; without Valkey there still is one, but nobody knows."""
    kept = [made_at.isoformat(), str(path.absolute()), socket.gethostname(), path.stat().st_size]
    try:
        valkey().set(cache.make_key(KEY), json.dumps(kept))
    except task_queue.UNREACHABLE as error:
        logger.warning("Valkey cannot be reached (the backup is not noted): %s", error)


def last() -> LastBackup | None:
    """Return the last backup; None if none is known."""
    stored = cast("bytes | None", valkey().get(cache.make_key(KEY)))
    if stored is None:
        return None
    made_at, path, host, size = json.loads(stored)
    return LastBackup(datetime.fromisoformat(made_at), path, host, size)
