"""How SQLite's text becomes dates and moments, in a fraction of the time that Django takes."""

from __future__ import annotations

from datetime import date, datetime

# importing it registers Django's own converters, which those below replace
from django.db.backends.sqlite3.base import Database  # type: ignore[attr-defined]


def register() -> None:
    """Let columns of dates and times return dates, and moments in UTC."""
    Database.register_converter("date", lambda stored: date.fromisoformat(stored.decode()))
    Database.register_converter(
        "datetime", lambda stored: datetime.fromisoformat(f"{stored.decode()}Z")
    )
