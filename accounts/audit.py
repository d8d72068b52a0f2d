"""Record who saw, exported or erased data of people: one row each, without the data."""

from __future__ import annotations

from typing import Any, Protocol

from django.db.models import Model

from accounts.models import AccessRecord, ApiKey, User
from curriculum.models import Course

Action = AccessRecord.Action
# of a command, which has no account
OPERATOR = "manage.py"


class HasUser(Protocol):
    user: Any


def record(
    by: HasUser | User | ApiKey | None,
    action: Action,
    *,
    about: type[Model],
    count: int = 1,
    row: object = "",
    course: Course | None = None,
) -> None:
    """Record that somebody saw, exported or erased so many rows of a model.

    `by` is a request, an account, an API key, or None for a command. Nothing is recorded if there
    were no rows. The caller responds only after it, so that nothing is shown without a record.
    """
    who = by if isinstance(by, User | ApiKey | None) else by.user
    if count:
        AccessRecord.objects.create(
            account=who if isinstance(who, User) else None,
            api_key=who if isinstance(who, ApiKey) else None,
            who=_name_of(who),
            action=action,
            about=about._meta.label,
            row=str(row),
            count=count,
            course=course,
        )


def _name_of(who: User | ApiKey | None) -> str:
    if isinstance(who, User):
        return who.email
    return who.name if isinstance(who, ApiKey) else OPERATOR
