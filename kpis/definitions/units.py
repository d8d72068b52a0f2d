"""Units of KPI values, and how values are written for people."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from babel.numbers import get_currency_precision
from django.utils.translation import gettext, gettext_noop

from core import localized

NO_VALUE = "–"
# decimal places in the API and in CSV files
EXACT = 4


def rounded(shown: float, places: int) -> Decimal:
    """Round a number for pages, alerts and mails; a negative number never becomes −0.

    The API's number is rounded, halves to even, so that a rounded value and its rounded
    difference from the target still add up to the target.
    """
    return round(Decimal(str(round(shown, EXACT))), places) + 0


@dataclass(frozen=True)
class Unit:
    """How a value is displayed; shares are 0–1 in the code and percent for readers.

    `symbol` is English and identifies the unit; it is translated when a value is written.
    """

    key: str
    symbol: str
    scale: float = 1.0
    places: int = 1

    def shown(self, value: float | None) -> float | None:
        """Return the value in display units, as in the API and CSV; None stays None."""
        return None if value is None else round(value * self.scale, EXACT)

    def text(self, value: float | None, *, places: int | None = None) -> str:
        """Return the value for a reader, such as 85.0%; an en dash for None."""
        if value is None:
            return NO_VALUE
        return self.written(value * self.scale, places=places)

    def bare(self, value: float) -> str:
        """Return the value without the unit behind it: 85.0 for 85.0%."""
        return _bare(self, value * self.scale, localized.language())

    def written(self, shown: float, *, places: int | None = None, trimmed: bool = False) -> str:
        """Write a number that is in display units: 85.0% for 85, or 85% if `trimmed`."""
        places = self.places if places is None else places
        return _written(self, shown, places, trimmed, localized.language())

    def write(self, shown: float, places: int, *, trimmed: bool) -> str:
        """Write a number in the active language; `written` remembers what it returns."""
        number = rounded(shown, places)
        if self.symbol == "%":
            return localized.percent(number, places, trimmed=trimmed)
        text = localized.number(number, places, trimmed=trimmed)
        return f"{text} {gettext(self.symbol)}" if self.symbol else text

    @property
    def around(self) -> tuple[str, str]:
        """Return what is written before and after a number, including spaces."""
        before, _, behind = self.written(1, places=0).partition("1")
        return before, behind


@dataclass(frozen=True)
class Money(Unit):
    """Amounts in the smallest unit of a currency, displayed in the currency: 100 cents as $1.00."""

    def write(self, shown: float, places: int, *, trimmed: bool) -> str:
        """Write an amount of the currency: $12.50, or $48,750 if it is whole."""
        number = rounded(shown, self.places)
        return localized.amount(number, self.symbol, is_whole=number == int(number))


@lru_cache(localized.REMEMBERED)
def _written(unit: Unit, shown: float, places: int, trimmed: bool, language: str) -> str:
    return unit.write(shown, places, trimmed=trimmed)


@lru_cache(localized.REMEMBERED)
def _bare(unit: Unit, shown: float, language: str) -> str:
    return unit.written(shown).removesuffix(unit.around[1])


def money(currency: str) -> Money:
    """Return the unit of a currency by its ISO 4217 code."""
    places = get_currency_precision(currency)
    return Money(currency, currency, scale=10.0**-places, places=places)


PERCENT = Unit("percent", "%", scale=100.0)
# from -1 to 1 in the code, as shares are from 0 to 1
POINTS = Unit("points", gettext_noop("points"), scale=100.0)
COUNT = Unit("count", "", places=0)
DAYS = Unit("days", gettext_noop("days"))
MINUTES = Unit("minutes", gettext_noop("min"), places=0)
NUMBER = Unit("number", "", places=2)
TEXT = Unit("text", "")
