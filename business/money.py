"""Convert amounts to whole numbers of a currency's smallest unit, and back."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from babel.numbers import get_currency_precision
from django.conf import settings

REVENUE = "business.revenue"


# payments of many learners amount to the same
@lru_cache(maxsize=10_000)
def minor(amount: str | int, currency: str) -> int:
    """Convert 250.00 USD to 25000 cents; ValueError if the currency has fewer decimal places."""
    places = get_currency_precision(currency)
    whole = Decimal(amount).scaleb(places)
    if whole != whole.to_integral_value():
        raise ValueError(f"an amount in {currency} has at most {places} decimal places")
    return int(whole)


def major(amount: int, currency: str) -> Decimal:
    """Convert 25000 cents to 250.00."""
    return Decimal(amount).scaleb(-get_currency_precision(currency))


def revenue_keys() -> dict[str, str]:
    """The keys of the revenue KPIs by currency, the provider's main currency first."""
    main, *others = settings.KPI_CURRENCIES
    return {main: REVENUE} | {one: f"{REVENUE}-{one.lower()}" for one in others}
