"""Parse times without an offset, in a given time zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

LOCAL_TIME = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)"
    r"(?:[Tt ](?P<time>\d\d?:\d\d(?::\d\d(?:\.\d{1,6})?)?))?"
    r"\s*(?P<utc>UTC|GMT|Z)?",
    re.IGNORECASE,
)
# seconds since 1970, which have nine or ten digits from 1990 on
SECONDS = re.compile(r"\d{9,10}(?:\.\d+)?")


def parse_in_zone(text: str, zone: ZoneInfo) -> str:
    """Return the time in ISO 8601 with its offset; other texts are returned unchanged.

    A date alone means its first moment; a number means seconds since 1970.
    """
    if SECONDS.fullmatch(text):
        return datetime.fromtimestamp(float(text), UTC).isoformat()
    if not (found := LOCAL_TIME.fullmatch(text)):
        return text
    hour, _, rest = (found["time"] or "0:00").partition(":")
    try:
        moment = datetime.fromisoformat(f"{found['day']}T{hour.zfill(2)}:{rest}")
    except ValueError:
        return text
    return moment.replace(tzinfo=UTC if found["utc"] else zone).isoformat()
