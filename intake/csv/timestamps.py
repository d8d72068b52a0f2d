"""Moments as real files write them, where somebody says in which zone they are."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

WRITTEN = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)"
    r"(?:[Tt ](?P<time>\d\d?:\d\d(?::\d\d(?:\.\d{1,6})?)?))?"
    r"\s*(?P<utc>UTC|GMT|Z)?",
    re.IGNORECASE,
)
# seconds since 1970: from 1990 on they have nine or ten digits
SECONDS = re.compile(r"\d{9,10}(?:\.\d+)?")


def parse_in_zone(text: str, zone: ZoneInfo) -> str:
    """The moment with its offset; the text as it is where it has one, or is no moment.

    A day alone is its first moment; a number is seconds since 1970.
    """
    if SECONDS.fullmatch(text):
        return datetime.fromtimestamp(float(text), UTC).isoformat()
    if not (found := WRITTEN.fullmatch(text)):
        return text
    hour, _, rest = (found["time"] or "0:00").partition(":")
    try:
        moment = datetime.fromisoformat(f"{found['day']}T{hour.zfill(2)}:{rest}")
    except ValueError:
        return text
    return moment.replace(tzinfo=UTC if found["utc"] else zone).isoformat()
