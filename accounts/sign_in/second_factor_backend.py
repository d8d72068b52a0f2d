"""Check second factors as a backend, so that the limit of failed sign-ins counts them, too."""

from __future__ import annotations

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from accounts.models import User
from accounts.sign_in import second_factor


class SecondFactorBackend(BaseBackend):
    """Accept the code of an account whose password was accepted before."""

    def authenticate(  # type: ignore[override]
        self, request: HttpRequest | None, *, username: str, second_factor_of: User, code: str
    ) -> User | None:
        return second_factor_of if second_factor.verify(second_factor_of, code) else None
