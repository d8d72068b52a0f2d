"""Context for every template, computed when first used."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.reader import Reader


def reader(request: HttpRequest) -> dict[str, Any]:
    """Add the visitor's access, on which the menu depends."""
    return {
        "reader": SimpleLazyObject(lambda: Reader.of(getattr(request, "user", AnonymousUser())))
    }
