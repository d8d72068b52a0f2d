from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from babel.numbers import format_currency, get_currency_precision, get_currency_symbol

NO_VALUE = "–"
# amounts are written as the pages' language has them, also below zero
LOCALE, WHOLE = "en_US", "¤#,##0"
# the places that API and CSV give
EXACT = 4


def rounded(shown: float, places: int) -> Decimal:
    """The number as every page, alert and mail writes it; what rounds to nothing has no sign.

    What is rounded is the number that API and CSV give, and a half goes to the even digit: so a
    value and its distance to a target still add up to the target.
    """
    return round(Decimal(str(round(shown, EXACT))), places) + 0


@dataclass(frozen=True)
class Unit:
    """How a value is shown: the code holds shares as 0–1, the edge shows them as percent."""

    key: str
    symbol: str
    scale: float = 1.0
    places: int = 1

    def shown(self, value: float | None) -> float | None:
        """The value as API, CSV and pages give it; None stays None."""
        return None if value is None else round(value * self.scale, EXACT)

    def text(self, value: float | None, *, places: int | None = None) -> str:
        """The value as a person reads it, such as 85.0 %; an en dash for None."""
        if value is None:
            return NO_VALUE
        return self.written(value * self.scale, places=places)

    def written(self, shown: float, *, places: int | None = None) -> str:
        """A number that is in the unit already, such as 85.0 % for 85."""
        number = rounded(shown, self.places if places is None else places)
        return f"{number:,f} {self.symbol}".strip()


@dataclass(frozen=True)
class Money(Unit):
    """Whole numbers of a currency's smallest unit, shown in the currency: 100 cents as $1.00."""

    @property
    def sign(self) -> str:
        """What stands before an amount, such as $."""
        return get_currency_symbol(self.symbol, locale=LOCALE)

    def text(self, value: float | None, *, places: int | None = None) -> str:
        """The amount as a person reads it, such as $48,750 or $12.50."""
        return NO_VALUE if value is None else self.written(value * self.scale)

    def written(self, shown: float, *, places: int | None = None) -> str:
        """An amount of the currency itself; a whole one without idle decimals."""
        number = rounded(shown, self.places)
        whole = WHOLE if number == int(number) else None
        return format_currency(
            number, self.symbol, whole, locale=LOCALE, currency_digits=whole is None
        )


def money(currency: str) -> Money:
    """The unit of a currency by its ISO 4217 code, with as many places as it has."""
    places = get_currency_precision(currency)
    return Money(currency, currency, scale=10.0**-places, places=places)


PERCENT = Unit("percent", "%", scale=100.0)
# from -1 to 1 in the code, as shares are from 0 to 1
POINTS = Unit("points", "points", scale=100.0)
COUNT = Unit("count", "", places=0)
DAYS = Unit("days", "days")
MINUTES = Unit("minutes", "min", places=0)
NUMBER = Unit("number", "", places=2)
TEXT = Unit("text", "")
