"""Parse times as tools write them: without an offset, in either order of day and month."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

from babel.dates import get_month_names

# the order of day and month in dates such as 7/09/26; the year stands last
DAY_FIRST, MONTH_FIRST = "dmy", "mdy"
ORDERS = (DAY_FIRST, MONTH_FIRST)

_TIME = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?P<fraction>\.\d{1,9})?)?"
    r"\s*(?P<half>[ap]\.?\s?m\b\.?)?"
)
# the hours that names stand for in RFC 5322; Google writes them for American accounts
_NAMED_OFFSETS = {
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
}  # fmt: skip
_OFFSET = (
    r"(?P<offset>Z|(?:UTC|GMT)?[+-]\d{1,2}(?::?\d\d)?|UTC|GMT|" + "|".join(_NAMED_OFFSETS) + ")"
)
_CLOCK = rf"(?:(?:T|,?\s+(?:(?:at|um|à|às|a las|kl\.?)\s+)?){_TIME})?\s*(?:{_OFFSET})?"
_MONTH = r"(?:de\s+|d['’])?(?P<name>[^\W\d_]{3,})\.?"
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+)?"
_YEAR = r"(?P<year>\d{4})"


def _form(day: str) -> re.Pattern[str]:
    return re.compile(day + _CLOCK, re.IGNORECASE)


YEAR_FIRST = (
    _form(rf"{_YEAR}(?P<sep>[-/.])(?P<month>\d{{1,2}})(?P=sep)(?P<day>\d{{1,2}})"),
    _form(rf"{_YEAR}\s?[年년]\s?(?P<month>\d{{1,2}})\s?[月월]\s?(?P<day>\d{{1,2}})\s?[日일]"),
)
YEAR_LAST = _form(r"(?P<first>\d{1,2})(?P<sep>[-/.])(?P<next>\d{1,2})(?P=sep)(?P<year>\d{4}|\d\d)")
NAMED = (
    _form(
        rf"{_WEEKDAY}(?P<day>\d{{1,2}})[ .-]+{_MONTH},?[ -]+(?:de\s+)?(?P<year>\d{{4}}|\d\d(?!:))"
    ),
    _form(rf"{_WEEKDAY}{_MONTH}\s+(?P<day>\d{{1,2}}),?\s+{_YEAR}"),
)
# languages in which tools write the names of months
LANGUAGES = "en de fr es it nl pt ca gl ro sv da nb fi pl cs hu tr ru uk el".split()
# seconds since 1970, which have nine or ten digits from 1990 on
SECONDS = re.compile(r"\d{9,10}(?:\.\d+)?")
# days since 1900 as spreadsheets count them, from 1954 to 2173
SERIAL = re.compile(r"[2-9]\d{4}(?:\.\d+)?")
FIRST_SERIAL = date(1899, 12, 30)


def parse_in_zone(text: str, zone: ZoneInfo, order: str = "") -> str:
    """Return the time in ISO 8601 with its offset; other texts are returned unchanged.

    A date alone means its first moment; a number means seconds since 1970. Without an order, dates
    such as 7/09/26 are not read.
    """
    found = moment_of(text, zone, order)
    return found.isoformat() if found else text


def moment_of(text: str, zone: ZoneInfo, order: str = "") -> datetime | None:
    """Return the moment that a text means; None if it is none, or if the order is needed."""
    text = text.strip()
    if SECONDS.fullmatch(text):
        return datetime.fromtimestamp(float(text), UTC)
    if SERIAL.fullmatch(text):
        since = timedelta(seconds=round(float(text) * 86_400))
        return datetime.combine(FIRST_SERIAL, time(), zone) + since
    try:
        if found := _matching(YEAR_FIRST, text):
            day = date(int(found["year"]), int(found["month"]), int(found["day"]))
        elif found := YEAR_LAST.fullmatch(text):
            if order not in ORDERS:
                return None
            day = _year_last(found, order)
        elif found := _matching(NAMED, text):
            month = months().get(_plain_word(found["name"]), 0)
            day = date(_whole_year(found["year"]), month, int(found["day"]))
        else:
            return None
        moment = datetime.combine(day, _time(found), _zone(found["offset"], zone))
    except ValueError:
        return None
    return moment


def _matching(forms: tuple[re.Pattern[str], ...], text: str) -> re.Match[str] | None:
    return next((found for one in forms if (found := one.fullmatch(text))), None)


@cache
def months() -> dict[str, int]:
    """Return the number of a month by its names in all languages, written out or abbreviated.

    What means different months in two languages means none, unless it is English.
    """
    meanings: defaultdict[str, set[int]] = defaultdict(set)
    for language in LANGUAGES:
        for name, month in _month_names(language):
            for length in range(3, len(name) + 1):
                meanings[name[:length]].add(month)
    found = {name: min(of) for name, of in meanings.items() if len(of) == 1}
    english = dict(_month_names("en"))
    return found | {name[:3]: month for name, month in english.items()} | english


def _month_names(language: str) -> list[tuple[str, int]]:
    return [
        (_plain_word(name), month)
        for width in ("wide", "abbreviated")
        for context in ("format", "stand-alone")
        for month, name in get_month_names(width, context, language).items()
    ]


def _plain_word(word: str) -> str:
    """Remove accents, case and a final dot: Sept. and août are sept and aout."""
    letters = unicodedata.normalize("NFKD", word.casefold().rstrip("."))
    return "".join(one for one in letters if not unicodedata.combining(one))


def needs_order(text: str) -> bool:
    """True if the text is a date whose meaning depends on the order of day and month."""
    return bool(YEAR_LAST.fullmatch(text.strip()))


def possible_orders(text: str) -> set[str]:
    """Return the orders in which the date exists: 31/12/26 has one."""
    return {one for one in ORDERS if moment_of(text, ZoneInfo("UTC"), one)}


def _year_last(found: re.Match[str], order: str) -> date:
    first, second = int(found["first"]), int(found["next"])
    day, month = (first, second) if order == DAY_FIRST else (second, first)
    return date(_whole_year(found["year"]), month, day)


def _whole_year(text: str) -> int:
    return int(text) + (2000 if len(text) == 2 else 0)


def _time(found: re.Match[str]) -> time:
    if not found["hour"]:
        return time()
    hour, half = int(found["hour"]), (found["half"] or "")[:1].casefold()
    if half:
        if not 1 <= hour <= 12:
            raise ValueError(hour)
        hour = hour % 12 + (12 if half == "p" else 0)
    micro = round(float(found["fraction"] or 0) * 1_000_000)
    return time(hour, int(found["minute"]), int(found["second"] or 0), min(micro, 999_999))


def _zone(offset: str | None, zone: ZoneInfo) -> tzinfo:
    if not offset:
        return zone
    if offset.upper() in _NAMED_OFFSETS:
        return timezone(timedelta(hours=_NAMED_OFFSETS[offset.upper()]))
    number = offset.upper().removeprefix("UTC").removeprefix("GMT").replace(":", "")
    if number in ("", "Z"):
        return UTC
    sign = -1 if number[0] == "-" else 1
    digits = number[1:]
    hours, minutes = (digits[:-2], digits[-2:]) if len(digits) > 2 else (digits, "0")
    return timezone(sign * timedelta(hours=int(hours), minutes=int(minutes)))
