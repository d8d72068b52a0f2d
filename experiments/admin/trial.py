"""Try a change that is undone at once, so that a form can show what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.db import transaction


def problem_of(change: Callable[[], object]) -> ValidationError | None:
    """Return why a change is refused; None if it would be made."""
    try:
        with transaction.atomic():
            change()
            transaction.set_rollback(True)
    except ValidationError as error:
        return error
    return None


def without_fields(error: ValidationError) -> ValidationError:
    """Return the same sentences for the whole form, which may lack the fields they are about."""
    return ValidationError(error.messages)
