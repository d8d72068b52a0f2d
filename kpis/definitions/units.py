from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from babel.numbers import get_currency_precision
from django.utils.translation import gettext, gettext_noop

from core import localized

NO_VALUE = "–"
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
    """How a value is shown: the code holds shares as 0–1, the edge shows them as percent.

    The symbol is English, and translated where it is written: units are compared by it.
    """

    key: str
    symbol: str
    scale: float = 1.0
    places: int = 1

    def shown(self, value: float | None) -> float | None:
        """The value as API, CSV and pages give it; None stays None."""
        return None if value is None else round(value * self.scale, EXACT)

    def text(self, value: float | None, *, places: int | None = None) -> str:
        """The value as a person reads it, such as 85.0%; an en dash for None."""
        if value is None:
            return NO_VALUE
        return self.written(value * self.scale, places=places)

    def bare(self, value: float) -> str:
        """The value without what stands behind it: 85.0 of 85.0%, for the first of two ends."""
        return self.text(value).removesuffix(self.around[1])

    def written(self, shown: float, *, places: int | None = None, trimmed: bool = False) -> str:
        """A number that is in the unit already, such as 85.0% for 85; `trimmed`: 85%."""
        places = self.places if places is None else places
        number = rounded(shown, places)
        if self.symbol == "%":
            return localized.percent(number, places, trimmed=trimmed)
        text = localized.number(number, places, trimmed=trimmed)
        return f"{text} {gettext(self.symbol)}" if self.symbol else text

    @property
    def around(self) -> tuple[str, str]:
        """What stands before and behind a number, with its space."""
        before, _, behind = self.written(1, places=0).partition("1")
        return before, behind


@dataclass(frozen=True)
class Money(Unit):
    """Whole numbers of a currency's smallest unit, shown in the currency: 100 cents as $1.00."""

    def written(self, shown: float, *, places: int | None = None, trimmed: bool = False) -> str:
        """An amount of the currency itself, $48,750 or $12.50: a whole one without places."""
        number = rounded(shown, self.places)
        return localized.amount(number, self.symbol, is_whole=number == int(number))


def money(currency: str) -> Money:
    """The unit of a currency by its ISO 4217 code, with as many places as it has."""
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
