"""Context for all templates, computed only when a template uses it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from demo import status
from demo.known_password import EMAILS


def demonstration(request: HttpRequest) -> dict[str, Any]:
    """Add whether there is demonstration data, only a part of it, or less every moment.

    Learners see their own data only, which are made up if the account is.

    All templates of a response share what was found.
    """
    if not hasattr(request, "demonstration"):
        request.demonstration = {  # type: ignore[attr-defined]
            "is_demonstration": SimpleLazyObject(status.is_loaded),
            "is_account_of_demonstration": SimpleLazyObject(
                lambda: getattr(request.user, "email", "") in EMAILS.values()
            ),
            "is_demonstration_being_removed": SimpleLazyObject(status.is_being_removed),
            "is_demonstration_loading": SimpleLazyObject(status.is_loading),
        }
    found: dict[str, Any] = request.demonstration  # type: ignore[attr-defined]
    return found
