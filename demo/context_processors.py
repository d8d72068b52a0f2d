"""What every template may ask for, at no cost until it does."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from demo import remove


def demonstration(request: HttpRequest) -> dict[str, Any]:
    """Whether figures may be of people made up."""
    return {"is_demonstration": SimpleLazyObject(remove.is_there)}
