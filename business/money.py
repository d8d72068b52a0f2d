"""Amounts as senders write them, in whole numbers of a currency's smallest unit."""

from __future__ import annotations

from decimal import Decimal

from babel.numbers import get_currency_precision
from django.conf import settings

REVENUE = "business.revenue"


def minor(amount: str | int, currency: str) -> int:
    """250.00 USD as 25000 cents; ValueError where the currency has no such places."""
    places = get_currency_precision(currency)
    whole = Decimal(amount).scaleb(places)
    if whole != whole.to_integral_value():
        raise ValueError(f"{amount} has more places than {currency} has ({places})")
    return int(whole)


def major(amount: int, currency: str) -> Decimal:
    """25000 cents as 250.00."""
    return Decimal(amount).scaleb(-get_currency_precision(currency))


def revenue_keys() -> dict[str, str]:
    """The KPI of each currency that has one; the provider's main currency comes first."""
    main, *others = settings.KPI_CURRENCIES
    return {main: REVENUE} | {one: f"{REVENUE}-{one.lower()}" for one in others}
