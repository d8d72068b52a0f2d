"""Record who saw, exported or erased data of people: one row each, without the data."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any, Protocol

from celery import current_app
from django.db import OperationalError, connection
from django.db.models import Model
from django.utils import timezone

from accounts.models import AccessRecord, ApiKey, User
from core.cacheable import keep_nothing
from core.database.waiting import SHORT_WAIT, wait_at_most
from curriculum.models import Course

Action = AccessRecord.Action
# of a command, which has no account
OPERATOR = "manage.py"
TASK = "accounts.tasks.store_access_record"


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
        keep_nothing()
        _store(
            at=timezone.now().isoformat(),
            account_id=who.pk if isinstance(who, User) else None,
            api_key_id=who.pk if isinstance(who, ApiKey) else None,
            who=_name_of(who),
            action=action.value,
            about=about._meta.label,
            row=str(row),
            count=count,
            course_id=course.pk if course else None,
        )


def _store(**fields: Any) -> None:
    """Store a record, or let the worker do so while somebody else writes: readers never wait."""
    # only SQLite has one lock for all writers
    patience = wait_at_most(SHORT_WAIT) if connection.vendor == "sqlite" else nullcontext()
    try:
        with patience:
            AccessRecord.objects.create(**fields)
    except OperationalError:
        current_app.send_task(TASK, kwargs=fields, retry=False)


def _name_of(who: User | ApiKey | None) -> str:
    if isinstance(who, User):
        return who.email
    return who.name if isinstance(who, ApiKey) else OPERATOR
