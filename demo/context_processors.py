"""Context for all templates, computed only when a template uses it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from demo import status


def demonstration(request: HttpRequest) -> dict[str, Any]:
    """Add whether the site contains demonstration data, or only a part, to the template context."""
    return {
        "is_demonstration": SimpleLazyObject(status.is_loaded),
        "is_demonstration_loading": SimpleLazyObject(status.is_loading),
    }
