"""What every template may ask for, at no cost until it does."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.reader import Reader


def reader(request: HttpRequest) -> dict[str, Any]:
    """Who looks at the page, by which the menu is chosen."""
    return {
        "reader": SimpleLazyObject(lambda: Reader.of(getattr(request, "user", AnonymousUser())))
    }
