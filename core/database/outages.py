"""Recognize database outages, and describe them to the visitor."""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import dataclass

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.exceptions import APIException

from core.lazy_text import LazyText


# compared as the objects they are: a text in the reader's language is known only at a request
@dataclass(frozen=True, eq=False)
class Outage:
    """What is wrong, and after how many seconds to try again."""

    text: LazyText
    seconds: int


BUSY = Outage(_("The database is busy with another writer."), 2)
FULL = Outage(_("The database's disk is full. Nothing can be saved until there is free space."), 60)
FAILING = Outage(_("The database's disk cannot be read or written."), 60)
UNREACHABLE = Outage(_("The database cannot be reached. It may be restarting."), 5)

NO_ROOM_BYTES = 1024 * 1024
# PostgreSQL's SQLSTATE, or part of SQLite's message
SIGNS = {
    FAILING: ("disk i/o error", "58030"),  # not translated: of SQLite
    FULL: ("53100", "disk is full", "no space left"),  # not translated: of SQLite
    BUSY: ("40001", "40p01", "55p03", "57014", "locked", "deadlock"),
}


def outage_of(error: BaseException | None) -> Outage | None:
    """Return the outage behind an error; None for a bug, where trying again would not help."""
    if not isinstance(error, OperationalError | InterfaceError):
        return None
    # SQLite raises OperationalError for invalid statements, too
    if getattr(error.__cause__, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
        return None
    message = f"{getattr(error.__cause__, 'sqlstate', '')} {error}".lower()
    found = (outage for outage, signs in SIGNS.items() if any(sign in message for sign in signs))
    outage = next(found, UNREACHABLE)
    # SQLite reports an I/O error when the disk has no free byte
    return FULL if outage is FAILING and _has_no_room() else outage


def _has_no_room() -> bool:
    return shutil.disk_usage(settings.KPI_DATA_DIR).free < NO_ROOM_BYTES


def describe_error(error: BaseException) -> str:
    """Describe the outage behind an error, else the error itself."""
    outage = outage_of(error)
    return f"{outage.text} ({error})" if outage else str(error)


ADVICE = "Send the request again later."  # not translated: the API


class Unavailable(APIException):
    """503: the same request may succeed `wait` seconds later."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "try_again"

    def __init__(self, outage: Outage, advice: str = ADVICE) -> None:
        super().__init__(f"{outage.text} {advice}")
        # becomes the header Retry-After
        self.wait = outage.seconds
