"""Recognize and report a full disk, instead of the errors that it causes."""

from __future__ import annotations

import errno
import shutil

from kpisite import settings

DISK_FULL = f"The disk of {settings.KPI_DATA_DIR} is full. Free some space and start again."
ENOUGH_BYTES = 100 * 1024 * 1024
# no program starts with less
MINIMUM_BYTES = 1024 * 1024


def has_room() -> bool:
    """Return whether the disk of the data folder has enough room for a while."""
    return shutil.disk_usage(settings.KPI_DATA_DIR).free >= ENOUGH_BYTES


def is_full(error: OSError) -> bool:
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def hint() -> str:
    """Return a sentence if the disk is full, else an empty string."""
    is_disk_full = shutil.disk_usage(settings.KPI_DATA_DIR).free < MINIMUM_BYTES
    return f" The disk of {settings.KPI_DATA_DIR} is full. Free some space." if is_disk_full else ""
