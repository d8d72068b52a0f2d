"""Write files as tools export them, and import them with the command."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from intake.models import Event


def table(path: Path, *rows: Sequence[str], delimiter: str = ",", encoding: str = "utf-8") -> Path:
    """Write rows as text; return the path."""
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


def take(path: Path, *choices: str, **options: Any) -> str:
    """Import a file with these answers; return the output."""
    output = io.StringIO()
    call_command(
        "import_file", str(path), choose=list(choices), stdout=output, stderr=output, **options
    )
    return output.getvalue()


def refusal(path: Path, *choices: str, **options: Any) -> str:
    """Try to import a file; return the output and the error, after which nothing is stored."""
    output, before = io.StringIO(), Event.objects.count()
    with pytest.raises(CommandError) as caught:
        call_command(
            "import_file", str(path), choose=list(choices), stdout=output, stderr=output, **options
        )
    assert Event.objects.count() == before
    return f"{output.getvalue()}{caught.value}"


def events(kind: str) -> list[Event]:
    return list(Event.objects.filter(kind=kind).order_by("occurred_at", "key"))
