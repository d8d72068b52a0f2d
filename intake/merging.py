"""Merge learners who are one person, and split them again, by moving their events.

Facts move with the events from which they are rebuilt. Each event keeps the key with which it was
sent, so that a split moves exactly the events of that key back, also those that came since.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext, ngettext

from accounts.models import ApiKey, User
from core import changes
from core.database import bulk_upsert, locks
from core.database.id_lists import ids_in
from core.database.queries import select
from core.personal_data import ERASED
from curriculum.models import Enrollment, Learner
from intake.events.learner_aliases import names_of
from intake.events.senders import Sender
from intake.facts import rebuildable
from intake.facts.rebuildable import entry_of, is_sign_up
from intake.models import Event, LearnerAlias
from intake.receiving.corrections import retract_events
from intake.receiving.receive import receive

ALL_SCOPES = frozenset(ApiKey.Scope.values)
RECEIPTS = "SELECT id, sender, key, kind FROM intake_receipt WHERE sender IN %s AND key IN %s"


class MergeError(Exception):
    """The learners cannot be merged; the text contains the reason."""


@dataclass(frozen=True)
class Moved:
    """How many events moved, and how many stayed because their facts cannot be rebuilt."""

    moved: int
    purged: int = 0
    unreported: int = 0
    rejected: int = 0

    @property
    def sentences(self) -> list[str]:
        """Return what happened, in sentences."""
        found = [
            ngettext("%(count)s event was moved.", "%(count)s events were moved.", self.moved)
            % {"count": self.moved}
        ]
        if self.purged:
            text = gettext(
                "%(count)s events stayed: other events of the same enrollments or payments have "
                "been purged, so that their facts cannot be rebuilt."
            )
            found.append(text % {"count": self.purged})
        if self.unreported:
            text = gettext(
                "%(count)s events stayed: their enrollments were imported or entered by hand, "
                "not reported by events."
            )
            found.append(text % {"count": self.unreported})
        if self.rejected:
            text = gettext("%(count)s events were rejected; see the rejected events.")
            found.append(text % {"count": self.rejected})
        return found


@locks.queue_to_write()
@transaction.atomic
def merge(other: Learner, into: Learner, *, by: User | None, now: datetime) -> Moved:
    """Make the key of a learner an alias of another, and move the events; raises MergeError."""
    _check(other, into)
    events = list(
        Event.objects.filter(
            Q(enrollment__learner=other) | Q(enrollment=None, learner=other.key)
        ).order_by("pk")
    )
    LearnerAlias.objects.create(key=other.key, learner=into, merged_at=now, merged_by=by)
    return _move(events, now=now)


@locks.queue_to_write()
@transaction.atomic
def split(alias: LearnerAlias, *, now: datetime) -> Moved:
    """Undo a merge: the events that were sent with the alias go back to its own learner."""
    alias.delete()
    events = list(Event.objects.filter(sent_learner__in=names_of(alias.key)).order_by("pk"))
    return _move(events, now=now)


def _check(other: Learner, into: Learner) -> None:
    if other.pk == into.pk:
        raise MergeError(gettext("Choose two different learners."))
    for one in (other, into):
        if one.key.startswith(ERASED):
            raise MergeError(gettext("%(key)s is erased.") % {"key": one.key})
        if found := LearnerAlias.objects.filter(key=one.key).select_related("learner").first():
            text = gettext("%(key)s is merged into %(learner)s already.")
            raise MergeError(text % {"key": one.key, "learner": found.learner.key})


def _move(events: list[Event], *, now: datetime) -> Moved:
    """Take events back, and receive them as sent: they reach whom their key names now."""
    for course in sorted({event.course_id for event in events}, key=lambda one: one or 0):
        locks.lock_course_exclusive(course)
    beyond = rebuildable.beyond_horizon(events) if events else set()
    unreported = _of_unreported_enrollments(events) - beyond
    moving = [event for event in events if event.pk not in beyond | unreported]
    rejected = 0
    if moving:
        with changes.gathered() as gathered:
            retract_events(moving, now=now, changes=gathered)
        rejected = _receive_as_sent(moving, now=now)
    return Moved(len(moving) - rejected, len(beyond), len(unreported), rejected)


def _of_unreported_enrollments(events: Collection[Event]) -> set[int]:
    """Return the events (ids) of enrollments that no event reported."""
    reported = {entry_of(event) for event in events if is_sign_up(event)}
    ids = {event.enrollment_id for event in events if event.enrollment_id}
    rows = Enrollment.objects.filter(pk__in=ids_in(ids)).values_list(
        "pk", "learner__key", "run__course", "run__key"
    )
    bare = {pk for pk, *entry in rows if tuple(entry) not in reported}
    return {event.pk for event in events if event.enrollment_id in bare}


def _receive_as_sent(events: Collection[Event], *, now: datetime) -> int:
    """Receive events with their own keys, sign-ups first; return how many were rejected."""
    groups: dict[tuple[bool, str], list[Event]] = defaultdict(list)
    for event in events:
        groups[not is_sign_up(event), event.sender].append(event)
    rejected = 0
    for (_, name), some in sorted(groups.items()):
        sender = Sender(name, creates_unknown=True, scopes=ALL_SCOPES)
        outcomes = receive([event.payload for event in some], sender, now=now)
        rejected += sum(outcome.is_rejected for outcome in outcomes)
    _keep_arrival(events)
    return rejected


def _keep_arrival(events: Collection[Event]) -> None:
    """Give events that were received again the time and the import of their first arrival."""
    before = {(event.sender, event.key, event.kind): event for event in events}
    found = select(RECEIPTS, {event.sender for event in events}, {event.key for event in events})
    rows: list[tuple[Any, ...]] = [
        (pk, event.received_at, event.import_run_id)
        for pk, *identity in found
        if (event := before.get(tuple(identity)))
    ]
    bulk_upsert.update(Event, ("received_at", "import_run_id"), rows)
