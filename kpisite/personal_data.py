"""What the libraries and core hold about people."""

from __future__ import annotations

import json
from typing import Any

from axes.models import AccessAttempt, AccessAttemptExpiration, AccessFailureLog, AccessLog
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Session
from accounts.models.sessions import MESSAGES, SessionStore
from accounts.sign_in.digests import account_digest
from core.mentions import containing
from core.models import WorkItem
from core.personal_data import (
    Action,
    Find,
    Person,
    after_erasing,
    holds_no_personal_data,
    holds_personal_data,
    sets,
)
from core.text_searches import by_texts
from kpisite.erased_copies import erase_copies


def _own_entries(person: Person) -> QuerySet[LogEntry]:
    """Find the history of the learner and the account, whatever they were called at the time."""
    learner = Q(content_type__app_label="curriculum", content_type__model="learner")
    account = Q(content_type__app_label="accounts", content_type__model="user")
    own = learner & Q(object_id=str(person.learner_id))
    if person.user_id:
        own |= account & Q(object_id=str(person.user_id))
    return LogEntry.objects.filter(own)


def _entry_may_name(person: Person) -> Q:
    names = {*person.emails, *person.names, person.key} - {""}
    return containing(["object_repr", "change_message"], names)


_entries_naming = by_texts(LogEntry, _entry_may_name, "object_repr", "change_message")


def _entries_about(person: Person) -> QuerySet[LogEntry]:
    """Find their own history, and entries about others whose text names them."""
    return LogEntry.objects.filter(
        Q(pk__in=_own_entries(person).values("pk")) | Q(pk__in=_entries_naming(person).values("pk"))
    )


def _sessions_of(person: Person) -> QuerySet[Session]:
    """Find the sessions of the account, and those with a message that names the person."""
    keys = [
        one.pk
        for one in Session.objects.filter(has_messages=True).iterator()
        if person.is_named_in(json.dumps(one.get_decoded().get(MESSAGES), ensure_ascii=False))
    ]
    return Session.objects.filter(_of_account(person) | Q(pk__in=keys))


def _of_account(person: Person) -> Q:
    return Q(account=person.user_id, account__isnull=False)


def _end(sessions: QuerySet[Session], person: Person) -> None:
    """End the sessions of the account; those of others lose their unread messages."""
    others = list(sessions.exclude(_of_account(person)))
    sessions.filter(_of_account(person)).delete()
    for one in others:
        data = one.get_decoded()
        data.pop(MESSAGES, None)
        one.session_data, one.has_messages = SessionStore().encode(data), False
        one.save()


def _attempts(model: type[Model], username: str) -> Find:
    """Return how to find the sign-ins with an address of the person, of which a digest is stored.

    After the digest may follow the device.
    """

    def find(person: Person) -> QuerySet[Any]:
        is_named = Q(pk__in=[])
        for address in person.addresses:
            is_named |= Q(**{f"{username}__startswith": account_digest(address)})
        return QuerySet(model).filter(is_named)

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
    names=("object_repr",),
    named_in=_own_entries,
    action=Action.ANONYMIZE,
    by=sets(object_repr="", change_message=""),
)
holds_personal_data(Session, _sessions_of, ("session_data",), action=Action.DELETE, by=_end)
holds_no_personal_data(Group, Permission, ContentType, reason=_("Rights, and names of models."))
holds_no_personal_data(WorkItem, reason=_("Ids of courses."))
after_erasing(erase_copies)
