"""Numbers, amounts, dates and times as the active language writes them, by Babel."""

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
# English pages put the day first, which CLDR does in other languages than American English
DAY_FIRST = {"long": "d MMMM y", "yMMMd": "d MMM y", "MMMd": "d MMM"}


def locale() -> Locale:
    """The locale of the active language; of the site's where translations are switched off."""
    return _locale(get_language() or settings.LANGUAGE_CODE)


@lru_cache
def _locale(language: str) -> Locale:
    return Locale.parse(to_locale(language))


def number(value: Decimal | float, places: int = 0, *, trimmed: bool = False) -> str:
    """A number with so many places, such as 1,234.50; `trimmed`: at most so many, 1,234.5."""
    return format_decimal(
        value, _pattern(places, trimmed), locale=locale(), decimal_quantization=False
    )


def percent(value: Decimal, places: int = 1, *, trimmed: bool = False) -> str:
    """A percentage, such as 89.7% for 89.7."""
    sign = str(locale().percent_formats[None].pattern)
    pattern = sign.replace(WHOLE, _pattern(places, trimmed))
    return format_percent(value / 100, pattern, locale=locale(), decimal_quantization=False)


def amount(value: Decimal, currency: str, *, is_whole: bool = False) -> str:
    """An amount with its currency's sign, such as $12.50; `is_whole`: without places, $12."""
    if not is_whole:
        return format_currency(value, currency, locale=locale())
    pattern = str(locale().currency_formats["standard"].pattern).replace(".00", "")
    return format_currency(value, currency, pattern, locale=locale(), currency_digits=False)


def _pattern(places: int, trimmed: bool) -> str:
    return f"{WHOLE}.{('#' if trimmed else '0') * places}" if places else WHOLE


def day(one: date) -> str:
    """12 May 2026."""
    return _dated("yMMMd", one)


def long_day(one: date) -> str:
    """12 September 2026."""
    # of the long date there is no skeleton in every language
    return format_date(one, DAY_FIRST["long"] if _is_english() else "long", locale=locale())


def day_of_year(one: date) -> str:
    """12 May."""
    return _dated("MMMd", one)


def month(one: date) -> str:
    """September 2026."""
    return _dated("yMMMM", one)


def short_month(one: date) -> str:
    """Sep 2026."""
    return _dated("yMMM", one)


def quarter(one: date) -> str:
    """Q3 2026."""
    return _dated("yQQQ", one)


def minute(at: datetime | time) -> str:
    """13:05, of the moment as it stands: the caller has moved it to the zone wanted."""
    return f"{at:%H:%M}"


def moment(at: datetime) -> str:
    """12 May 2026, 13:05, of the moment as it stands."""
    return f"{day(at)}, {minute(at)}"


def _dated(skeleton: str, one: date) -> str:
    if _is_english() and skeleton in DAY_FIRST:
        return format_date(one, DAY_FIRST[skeleton], locale=locale())
    return format_skeleton(skeleton, one, locale=locale())


def _is_english() -> bool:
    return bool(locale().language == "en")
