"""Free space in the data folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from kpisite import byte_sizes, disk_space
from kpisite.doctor.findings import Problem
from kpisite.doctor.registry import check


@check("disk.free", "Disk")
def disk() -> Iterator[Problem | str]:
    folder = Path(settings.KPI_DATA_DIR)
    free = shutil.disk_usage(folder).free
    if not os.access(folder, os.W_OK | os.X_OK):
        yield Problem(
            "The data folder cannot be written to.", str(folder), f"Run: chown $USER {folder}"
        )
    if free < disk_space.ENOUGH_BYTES:
        yield Problem(
            f"Only {byte_sizes.named(free)} are free; nothing can be stored once it is full.",
            str(folder),
            f"Free at least {byte_sizes.named(disk_space.ENOUGH_BYTES)}.",
        )
    yield f"{byte_sizes.named(free)} are free in {folder}."
