"""A full disk: said as such, not as whatever it breaks."""

from __future__ import annotations

import errno
import shutil

from kpisite import settings

SENTENCE = f"The disk of {settings.KPI_DATA_DIR} is full: free some space and start again."
LEAST_FREE_BYTES = 100 * 1024 * 1024
# no program starts with less
TOO_LITTLE_BYTES = 1024 * 1024


def has_room() -> bool:
    """Whether the disk of the data folder has room for a while."""
    return shutil.disk_usage(settings.KPI_DATA_DIR).free >= LEAST_FREE_BYTES


def is_full(error: OSError) -> bool:
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def hint() -> str:
    """A sentence where the disk is full, else nothing."""
    is_out = shutil.disk_usage(settings.KPI_DATA_DIR).free < TOO_LITTLE_BYTES
    return f" The disk of {settings.KPI_DATA_DIR} is full: free some space." if is_out else ""
