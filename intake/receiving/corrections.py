"""Retract and replace stored events: delete their facts and rebuild what remains."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext, gettext_lazy

from core.changes import Changes
from curriculum import enrolling
from curriculum.models import Enrollment, EnrollmentStatusChange
from curriculum.signals import enrollments_changed
from intake.event_kinds import KINDS, EventSubject
from intake.events import rejected_events
from intake.events.batch import FAILED, Batch, EventOutcome
from intake.events.duplicates import NOT_ALLOWED
from intake.events.rejections import EventRejected
from intake.events.senders import Sender
from intake.facts.rebuild_facts import enrollments_of, rebuild_facts_of
from intake.facts.rebuildable import entry_of, is_sign_up
from intake.models import Event

NO_RETRACTION = EventRejected(
    "not_allowed",
    gettext_lazy("correction: a course definition cannot be retracted; send a new one."),
    "correction",
)


def retract(batch: Batch) -> None:
    """Delete the stored events that the batch retracts, if its sender may do so."""
    stored = {one: batch.replaced.pop(one) for one in batch.retractions if one in batch.replaced}
    for index, event in list(stored.items()):
        is_definition = event.kind in KINDS and KINDS[event.kind].about is EventSubject.COURSE
        if is_definition or not batch.sender.may_write_to(event.course_id):
            batch.reject(index, NO_RETRACTION if is_definition else NOT_ALLOWED)
            del stored[index]
    if not stored:
        return
    events = list(stored.values())
    if not batch.try_to(lambda: retract_events(events, now=batch.now, changes=batch.changes)):
        for index in stored:
            batch.reject(index, FAILED)


@transaction.atomic
def retract_events(events: Sequence[Event], *, now: datetime, changes: Changes) -> None:
    """Delete events and their facts, as if they had never been sent."""
    Event.objects.filter(pk__in=[event.pk for event in events]).forget()
    undo(events, now=now, changes=changes)


def undo(events: Sequence[Event], *, now: datetime, changes: Changes) -> None:
    """Rebuild the facts of these events, which have been deleted.

    An enrollment is deleted with its last sign-up; its other events become rejected events, which
    are retried once the learner is enrolled again.
    """
    sign_ups = [event for event in events if is_sign_up(event)]
    gone = _without_sign_up(sign_ups) if sign_ups else set()
    enrolling.lock(gone)
    # while the enrollments still exist, to invalidate the days on which they count
    enrollments_changed.send(Enrollment, ids=sorted(gone), changes=changes)
    _reject(Event.objects.filter(enrollment__in=gone), now=now)
    Enrollment.objects.filter(pk__in=gone).delete()
    rebuild_facts_of(events, now=now, changes=changes)


def _without_sign_up(sign_ups: Sequence[Event]) -> set[int]:
    """Return the enrollments of these sign-ups that no stored sign-up or import backs any more."""
    stored = Event.objects.filter(
        kind__in={event.kind for event in sign_ups},
        enrollment=None,
        learner__in={event.learner for event in sign_ups},
        course__in={event.course_id for event in sign_ups},
    )
    backed = {entry_of(event) for event in stored}
    candidates = enrollments_of([event for event in sign_ups if entry_of(event) not in backed])
    imported = EnrollmentStatusChange.objects.filter(
        enrollment__in=candidates, kind=EnrollmentStatusChange.Kind.STARTED, by_event=False
    )
    return candidates - set(imported.values_list("enrollment_id", flat=True))


def _reject(events: Collection[Event], *, now: datetime) -> None:
    """Turn stored events of deleted enrollments into rejected events."""
    by_sender: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        by_sender[event.sender].append(event)
    reason = gettext("learner: the sign-up was retracted; the event is retried for a week.")
    rejected = EventRejected("not_enrolled", reason, "learner")
    for name, some in by_sender.items():
        pairs = [(event.payload, EventOutcome.of(event.key, rejected)) for event in some]
        rejected_events.store(pairs, Sender(name), now=now)
    Event.objects.filter(pk__in=[event.pk for event in events]).forget()
