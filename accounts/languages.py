"""The language of an account's pages and mails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.utils import translation

from accounts.models import User


@contextmanager
def in_language_of(account: User | None) -> Iterator[None]:
    """Activate the account's language; the site's without an account or a chosen language."""
    chosen = account.language if account else ""
    with translation.override(chosen or settings.LANGUAGE_CODE):
        yield


def account_at(address: str) -> User | None:
    """Return the account with this e-mail address; None without one."""
    return User.objects.filter(email__iexact=address.strip()).first()
