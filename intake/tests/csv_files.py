"""CSV files in a folder, and the command that takes them in."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from django.core.management import call_command

HEADER = "id,occurred_at,learner,course"


def written(folder: Path, *lines: str, name: str = "events.csv", end: str = "\n") -> Path:
    """A file of these lines, as UTF-8."""
    path = folder / name
    path.write_bytes("".join(line + end for line in lines).encode())
    return path


def imported(path: Path, kind: str = "content.viewed", **options: Any) -> str:
    """Import a file; returns what was said."""
    said = io.StringIO()
    call_command("import_csv", kind, str(path), stdout=said, stderr=said, **options)
    return said.getvalue()


def view(key: str, who: str = "ada", at: str = "2026-01-06T09:00:00Z", course: str = "py") -> str:
    """A row under HEADER: somebody viewed something."""
    return f"{key},{at},{who},{course}"
