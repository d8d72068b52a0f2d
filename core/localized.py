"""Format numbers, amounts, dates and times in the active language, with Babel.

Babel takes 20 to 40 µs for one number, and a page shows the same few hundred again and again, so
what was written is remembered by value and language.
"""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.numbers import format_currency, format_decimal, format_percent
from django.conf import settings
from django.utils.translation import get_language, to_locale

WHOLE = "#,##0"
REMEMBERED = 20_000
# our English pages put the day first; CLDR does not in American English
DAY_FIRST = {"long": "d MMMM y", "yMMMd": "d MMM y", "MMMd": "d MMM"}  # not translated: formats


def locale() -> Locale:
    """Return the locale of the active language."""
    return _locale(language())


def language() -> str:
    """Return the active language, or the site's where translation is off."""
    return get_language() or settings.LANGUAGE_CODE


@lru_cache
def _locale(language: str) -> Locale:
    return Locale.parse(to_locale(language))


def number(value: Decimal | float, places: int = 0, *, trimmed: bool = False) -> str:
    """Format a number with that many places: 1,234.50; `trimmed` drops trailing zeros: 1,234.5."""
    shown = round(value, places) if isinstance(value, float) else value
    return _number(str(shown), _pattern(places, trimmed), language())


@lru_cache(REMEMBERED)
def _number(digits: str, pattern: str, language: str) -> str:
    # as digits, because 1.0 and 1.00 are equal but written differently
    return format_decimal(
        Decimal(digits), pattern, locale=_locale(language), decimal_quantization=False
    )


def percent(value: Decimal, places: int = 1, *, trimmed: bool = False) -> str:
    """Format 89.7 as 89.7%."""
    return _percent(str(value), _pattern(places, trimmed), language())


@lru_cache(REMEMBERED)
def _percent(digits: str, pattern: str, language: str) -> str:
    sign = str(_locale(language).percent_formats[None].pattern)
    pattern = sign.replace(WHOLE, pattern)
    share = Decimal(digits) / 100
    return format_percent(share, pattern, locale=_locale(language), decimal_quantization=False)


def amount(value: Decimal, currency: str, *, is_whole: bool = False) -> str:
    """Format an amount with its currency symbol: $12.50; `is_whole` drops the places: $12."""
    return _amount(str(value), currency, is_whole, language())


@lru_cache(REMEMBERED)
def _amount(digits: str, currency: str, is_whole: bool, language: str) -> str:
    value, locale = Decimal(digits), _locale(language)
    if not is_whole:
        return format_currency(value, currency, locale=locale)
    pattern = str(locale.currency_formats["standard"].pattern).replace(".00", "")
    return format_currency(value, currency, pattern, locale=locale, currency_digits=False)


def _pattern(places: int, trimmed: bool) -> str:
    return f"{WHOLE}.{('#' if trimmed else '0') * places}" if places else WHOLE


def day(one: date) -> str:
    """12 May 2026."""
    return _format("yMMMd", one)


def long_day(one: date) -> str:
    """12 September 2026."""
    return _format("long", one)


def day_of_year(one: date) -> str:
    """12 May."""
    return _format("MMMd", one)


def month(one: date) -> str:
    """September 2026."""
    return _format("yMMMM", one)


def short_month(one: date) -> str:
    """Sep 2026."""
    return _format("yMMM", one)


def quarter(one: date) -> str:
    """Q3 2026."""
    return _format("yQQQ", one)


def minute(at: datetime | time) -> str:
    """13:05; the caller has converted the moment to the right time zone."""
    return f"{at:%H:%M}"


def moment(at: datetime) -> str:
    """12 May 2026, 13:05; the caller has converted the moment to the right time zone."""
    return f"{day(at)}, {minute(at)}"


def _format(skeleton: str, one: date) -> str:
    return _date(skeleton, date(one.year, one.month, one.day), language())


@lru_cache(REMEMBERED)
def _date(skeleton: str, one: date, language: str) -> str:
    locale = _locale(language)
    if locale.language == "en" and skeleton in DAY_FIRST:
        return format_date(one, DAY_FIRST[skeleton], locale=locale)
    # not every language has a skeleton for the long date
    if skeleton == "long":
        return format_date(one, skeleton, locale=locale)
    return format_skeleton(skeleton, one, locale=locale)
