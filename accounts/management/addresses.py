"""Accounts that commands are told of by their address."""

from __future__ import annotations

from django.core.management.base import CommandError, CommandParser

from accounts.models import User


def add_address(parser: CommandParser) -> None:
    parser.add_argument("email", help="The e-mail address of the account.")


def account_of(address: str) -> User:
    """Return the account with an address; CommandError if there is none."""
    user = User.objects.filter(email__iexact=address.strip()).first()
    if user is None:
        raise CommandError(f"There is no account with the address {address}.")
    return user
