from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from django.core.management.utils import get_random_secret_key

from kpisite.config.environment import refuse


def kept_in(data_dir: Path) -> str:
    """Return the key of this data folder, made once and readable by its owner only."""
    path = data_dir / "secret-key"
    if not path.exists():
        try:
            _make(path)
        except OSError as error:
            refuse("KPI_DATA_DIR", f"a folder that can be written in ({error.strerror})")
    return path.read_text()


def _make(path: Path) -> None:
    descriptor, draft = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(get_random_secret_key())
        # Processes that start together all draft a key; the first link wins, whole or not at all.
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        Path(draft).unlink()
