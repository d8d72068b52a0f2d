"""Why the database did not do what it was asked for, in words for whoever asked."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from django.conf import settings
from django.db import InterfaceError, OperationalError
from rest_framework import status
from rest_framework.exceptions import APIException


@dataclass(frozen=True)
class Outage:
    """What is wrong, and in how many seconds to come again."""

    sentence: str
    seconds: int


BUSY = Outage("The database is busy with another writer.", 2)
FULL = Outage("The database's disk is full; nothing is written until there is room again.", 60)
FAILING = Outage("The database's disk can be neither read nor written.", 60)
AWAY = Outage("The database cannot be reached; it may be starting again.", 5)

NO_ROOM_BYTES = 1024 * 1024
# the SQLSTATE of PostgreSQL, or what SQLite says
SIGNS = {
    FAILING: ("disk i/o error", "58030"),
    FULL: ("53100", "disk is full", "no space left"),
    BUSY: ("40001", "40p01", "55p03", "57014", "locked", "deadlock"),
}
# on SQLite, a wrong statement is an OperationalError too: a fault of ours and no outage
FAULTS = ("no such ", "has no column", "syntax error", "no column named", "ambiguous column")


def outage_of(error: BaseException | None) -> Outage | None:
    """None where the error is a fault, and coming again would not help."""
    if not isinstance(error, OperationalError | InterfaceError):
        return None
    said = f"{getattr(error.__cause__, 'sqlstate', '')} {error}".lower()
    if any(sign in said for sign in FAULTS):
        return None
    found = (outage for outage, signs in SIGNS.items() if any(sign in said for sign in signs))
    outage = next(found, AWAY)
    # on a disk without a single free byte, this is what SQLite says
    return FULL if outage is FAILING and _has_no_room() else outage


def _has_no_room() -> bool:
    return shutil.disk_usage(settings.KPI_DATA_DIR).free < NO_ROOM_BYTES


def sentence_of(error: BaseException) -> str:
    """Say the outage, else the error itself."""
    outage = outage_of(error)
    return f"{outage.sentence} ({error})" if outage else str(error)


class Unavailable(APIException):
    """503: the same request may be sent again, `wait` seconds later."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "try_again"

    def __init__(self, outage: Outage, advice: str = "Send the request again later.") -> None:
        super().__init__(f"{outage.sentence} {advice}")
        # DRF makes Retry-After of it
        self.wait = outage.seconds
