"""Write CSV files and import them with the command."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from django.core.management import call_command

HEADER = "id,occurred_at,learner,course"


def written(folder: Path, *lines: str, name: str = "events.csv", end: str = "\n") -> Path:
    """Write these lines to a file, as UTF-8."""
    path = folder / name
    path.write_bytes("".join(line + end for line in lines).encode())
    return path


def imported(path: Path, kind: str = "content.viewed", **options: Any) -> str:
    """Import a file; return the output."""
    output = io.StringIO()
    call_command("import_csv", kind, str(path), stdout=output, stderr=output, **options)
    return output.getvalue()


def view(key: str, who: str = "ada", at: str = "2026-01-06T09:00:00Z", course: str = "py") -> str:
    """Return a row under HEADER: a learner viewed something."""
    return f"{key},{at},{who},{course}"
