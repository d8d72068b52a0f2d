"""In which language an account is written to, on pages and in mails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.utils import translation

from accounts.models import User


@contextmanager
def in_language_of(account: User | None) -> Iterator[None]:
    """Write in the account's language; in the site's for one without a choice, and for nobody."""
    chosen = account.language if account else ""
    with translation.override(chosen or settings.LANGUAGE_CODE):
        yield


def account_at(address: str) -> User | None:
    """The account that an e-mail goes to; None where the address is nobody's."""
    return User.objects.filter(email__iexact=address.strip()).first()
