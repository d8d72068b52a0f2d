"""What the libraries and core hold about people."""

from __future__ import annotations

from typing import Any

from axes.models import AccessAttempt, AccessAttemptExpiration, AccessFailureLog, AccessLog
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db.models import Model, Q, QuerySet
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from core.models import WorkItem
from core.personal_data import (
    Action,
    Find,
    Person,
    holds_no_personal_data,
    holds_personal_data,
    sets,
)


def _entries_about(person: Person) -> QuerySet[LogEntry]:
    """Find the entries of the admin's history whose text names the person."""
    named = Q()
    for one in {*person.emails, person.key, person.name} - {""}:
        named |= Q(object_repr__icontains=one) | Q(change_message__icontains=one)
    entries = LogEntry.objects.filter(named)
    ids = [
        entry.pk
        for entry in entries
        if person.is_named_in(entry.object_repr) or person.is_named_in(entry.change_message)
    ]
    return LogEntry.objects.filter(pk__in=ids)


def _attempts(model: type[Model], username: str) -> Find:
    """Return how to find the sign-ins with an address of the person."""

    def find(person: Person) -> QuerySet[Any]:
        names = {one.lower() for one in person.addresses}
        rows: QuerySet[Any] = QuerySet(model).annotate(name=Lower(username))
        return rows.filter(name__in=names)

    return find


# the expirations before the attempts, by which they are found
holds_personal_data(
    AccessAttemptExpiration,
    _attempts(AccessAttemptExpiration, "access_attempt__username"),
    action=Action.DELETE,
)
for model in (AccessAttempt, AccessFailureLog, AccessLog):
    holds_personal_data(
        model,
        _attempts(model, "username"),
        ("username", "ip_address", "user_agent"),
        action=Action.DELETE,
    )
holds_personal_data(
    LogEntry,
    _entries_about,
    ("object_repr", "change_message"),
    action=Action.ANONYMIZE,
    by=sets(object_repr="", change_message=""),
)
holds_no_personal_data(
    Session,
    reason=_("The number of an account; deleted when it expires."),
)
holds_no_personal_data(Group, Permission, ContentType, reason=_("Rights, and names of models."))
holds_no_personal_data(WorkItem, reason=_("Ids of courses."))
