"""Checks of single values: texts, numbers, identifiers, moments, durations, languages."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from xapi.validation.wrong import Wrong

# of identifiers, in bytes: PostgreSQL's indexes take no longer ones
MAX_IDENTIFIER = 2_000
UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`\x00-\x20\ud800-\udfff]+")
MAILBOX = re.compile(r"mailto:[^@\s\x00-\x20\ud800-\udfff]+@[^@\s\x00-\x20\ud800-\udfff]+")
SHA1 = re.compile(r"[0-9a-fA-F]{40}")
MEDIA_TYPE = re.compile(
    r"[\w.+!#$&^-]+/[\w.+!#$&^-]+(\s*;\s*[\w.+!#$&^-]+=(\"[^\"]*\"|[^\s;\"]+))*"
)
NOT_STORABLE = re.compile(r"[\x00\ud800-\udfff]")
SHA2 = re.compile(r"[0-9a-fA-F]{56}|[0-9a-fA-F]{64}|[0-9a-fA-F]{96}|[0-9a-fA-F]{128}")

# BCP 47 (RFC 5646), with its private and grandfathered tags
LANGUAGE = re.compile(
    r"(?:(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4}|[a-z]{5,8})"
    r"(?:-[a-z]{4})?(?:-(?:[a-z]{2}|\d{3}))?(?:-(?:[a-z\d]{5,8}|\d[a-z\d]{3}))*"
    r"(?:-[a-wy-z\d](?:-[a-z\d]{2,8})+)*(?:-x(?:-[a-z\d]{1,8})+)?"
    r"|x(?:-[a-z\d]{1,8})+|i-[a-z]{2,8}|en-gb-oed|sgn-(?:be-fr|be-nl|ch-de)|zh-min-nan)",
    re.IGNORECASE,
)
AMOUNT = r"\d+(?:[.,]\d+)?"
DURATION = re.compile(
    rf"P(?=.)(?:{AMOUNT}W|(?:{AMOUNT}Y)?(?:{AMOUNT}M)?(?:{AMOUNT}D)?"
    rf"(?:T(?=.)(?:{AMOUNT}H)?(?:{AMOUNT}M)?(?:{AMOUNT}S)?)?)"
)
MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:[.,]\d+)?(?P<zone>[Zz]|[+-]\d\d(?::?\d\d)?)?"
)


def text(value: Any) -> None:
    if type(value) is not str:
        raise Wrong("must be a text.")


def storable_text(value: Any) -> None:
    text(value)
    if NOT_STORABLE.search(value):
        raise Wrong("contains a null character or half of a surrogate pair.")
    if len(value.encode()) > MAX_IDENTIFIER:
        raise Wrong(f"is longer than {MAX_IDENTIFIER:,} bytes.")


def boolean(value: Any) -> None:
    if type(value) is not bool:
        raise Wrong("must be true or false.")


def number(value: Any) -> None:
    if type(value) is not int and type(value) is not float:
        raise Wrong("must be a number.")


def size(value: Any) -> None:
    if type(value) is not int or value < 0:
        raise Wrong("must be a whole number of bytes.")


def uuid(value: Any) -> None:
    if type(value) is not str or not UUID.fullmatch(value):
        raise Wrong("must be a UUID, such as 6690e6c9-3ef0-4ed3-8b37-7f3964730bee.")


def iri(value: Any) -> None:
    if type(value) is not str or not IRI.fullmatch(value):
        raise Wrong("must be an IRI with its scheme, such as https://example.com/course/1.")
    if len(value.encode()) > MAX_IDENTIFIER:
        raise Wrong(f"is longer than {MAX_IDENTIFIER:,} bytes.")


def mailbox(value: Any) -> None:
    if type(value) is not str or not MAILBOX.fullmatch(value):
        raise Wrong("must be an address such as mailto:ada@example.com.")
    storable_text(value)


def sha1(value: Any) -> None:
    if type(value) is not str or not SHA1.fullmatch(value):
        raise Wrong("must be a SHA-1 digest of 40 hexadecimal digits.")


def sha2(value: Any) -> None:
    if type(value) is not str or not SHA2.fullmatch(value):
        raise Wrong("must be a SHA-2 digest in hexadecimal digits.")


def media_type(value: Any) -> None:
    if type(value) is not str or not MEDIA_TYPE.fullmatch(value):
        raise Wrong("must be a media type, such as application/pdf.")


def language(value: Any) -> None:
    if type(value) is not str or not LANGUAGE.fullmatch(value):
        raise Wrong("must be a language tag of RFC 5646, such as en or pt-BR.")


def duration(value: Any) -> None:
    if type(value) is not str or not DURATION.fullmatch(value):
        raise Wrong("must be a duration of ISO 8601, such as PT1H30M.")


def moment(value: Any) -> None:
    """Check a date and time of ISO 8601; without an offset it is in UTC."""
    parsed(value)


def moment_with_offset(value: Any) -> None:
    """Check a date and time of RFC 3339, which needs an offset."""
    parsed(value)
    found = MOMENT.fullmatch(value)
    if not found or not found["zone"]:
        raise Wrong("needs an offset from UTC, such as 2026-03-01T09:30:00Z.")


def parsed(value: Any) -> datetime:
    """Return a timestamp as a moment in UTC."""
    if type(value) is not str:
        raise Wrong("must be a date and time, such as 2026-03-01T09:30:00Z.")
    return _in_utc(value)


# of a statement several times: when it is checked, stored and compared
@lru_cache(maxsize=1_000)
def _in_utc(value: str) -> datetime:
    found = MOMENT.fullmatch(value)
    if not found:
        raise Wrong("must be a date and time, such as 2026-03-01T09:30:00Z.")
    zone = found["zone"] or "Z"
    if zone.replace(":", "") in ("-00", "-0000"):
        raise Wrong("has the offset -00:00, which the specification forbids; write Z.")
    try:
        there = datetime.fromisoformat(value.replace(",", ".").upper())
        return (there if there.tzinfo else there.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Wrong("is no date and time of the calendar.") from None
