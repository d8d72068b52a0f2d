"""What a database's error means, in a sentence for whoever sent something."""

from __future__ import annotations

from enum import Enum

from django.db import Error, InterfaceError


class Fault(Enum):
    """Why nothing was accepted; its value says so and what to do."""

    BUSY = "The database is busy with another writer"
    AWAY = "The database cannot be reached, or went away meanwhile"
    FULL = "The disk of the database is full; free some space on it"
    BROKEN = "The disk of the database cannot be read or written"

    @property
    def wait(self) -> int:
        """After how many seconds it is worth trying again."""
        return 2 if self in (Fault.BUSY, Fault.AWAY) else 60


FULL = ("disk is full", "no space left", "disk full", "could not extend file")
BROKEN = ("disk i/o error", "readonly database", "unable to open database file")
AWAY = (
    *("connection", "server closed", "terminating", "shutting down", "starting up"),
    *("recovery mode", "could not translate host", "no route to host"),
)
# PostgreSQL's classes: connection exception, operator intervention, and disk_full
AWAY_STATES = ("08", "57P")
FULL_STATE = "53100"


def fault_of(error: Error) -> Fault:
    """Which fault an OperationalError or InterfaceError tells of."""
    state = str(getattr(error.__cause__, "sqlstate", None) or "")
    text = str(error).lower()
    if state == FULL_STATE or any(words in text for words in FULL):
        return Fault.FULL
    if any(words in text for words in BROKEN):
        return Fault.BROKEN
    is_away = isinstance(error, InterfaceError) or state.startswith(AWAY_STATES)
    if is_away or any(words in text for words in AWAY):
        return Fault.AWAY
    return Fault.BUSY
