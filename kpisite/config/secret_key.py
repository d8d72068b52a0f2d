"""The secret key of a data folder, generated at the first start."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from django.core.management.utils import get_random_secret_key

from kpisite.config.environment import reject


def load_or_create(data_dir: Path) -> str:
    """Return the key of this data folder; create it once, readable by its owner only."""
    path = data_dir / "secret-key"
    if not path.exists():
        try:
            _create(path)
        except OSError as error:
            reject("KPI_DATA_DIR", f"a folder that can be written to ({error.strerror})")
    return path.read_text()


def _create(path: Path) -> None:
    descriptor, draft = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(get_random_secret_key())
        # of processes that start together, the first to link its file wins; linking is atomic
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        Path(draft).unlink()
