"""Find accounts by an e-mail address that an identity provider or an LMS vouches for."""

from __future__ import annotations

from accounts.models import User


def account_at(address: str) -> User | None:
    """Lock and return the account with this address, in upper or lower case."""
    similar = User.objects.select_for_update().filter(email__iexact=address)
    return next((one for one in similar if is_same(one.email, address)), None)


def is_same(address: str, other: str) -> bool:
    """Return whether two addresses are one, but for the case of their letters.

    In most locales, PostgreSQL writes ı and i in upper case alike, and ſ and s: whoever owns the
    one address must not get the account of the other.
    """
    return address.isascii() == other.isascii() and address.lower() == other.lower()
