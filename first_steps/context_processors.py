"""Context of the dashboard's template, computed only where it is used."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from demo.context_processors import demonstration
from first_steps.checklist import Checklist, checklist_of, may_set_up, whom_to_ask


def first_steps(request: HttpRequest) -> dict[str, Any]:
    """Add the visitor's checklist, None if it is not shown, and who can help the others."""
    return {
        "first_steps": SimpleLazyObject(lambda: _shown_to(request)),
        "whom_to_ask": SimpleLazyObject(whom_to_ask),
    }


def _shown_to(request: HttpRequest) -> Checklist | None:
    account = request.user
    if not (isinstance(account, User) and may_set_up(account)):
        return None
    # while there is demonstration data, its line leads to the list
    if demonstration(request)["is_demonstration"]:
        return None
    found = checklist_of(account, with_demonstration=False)
    return found if found.is_on_dashboard else None
