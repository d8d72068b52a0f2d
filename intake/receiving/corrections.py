"""Events taken back or replaced: their facts go, and what is left is rebuilt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction

from curriculum import enrolling
from curriculum.models import Enrollment, EnrollmentStatusChange
from curriculum.signals import enrollments_changed
from intake.event_kinds import KINDS, EventSubject
from intake.events import rejected_events
from intake.events.batch import Batch
from intake.events.duplicates import NOT_ALLOWED
from intake.events.envelope import EventRejected
from intake.events.outcomes import REJECTED, EventOutcome
from intake.events.senders import Sender
from intake.facts.handler_failures import FAILED, succeeds
from intake.facts.rebuild_learners import enrollments_of, entry_of, is_sign_up, rebuild_of
from intake.models import Event

STARTED = EnrollmentStatusChange.Kind.STARTED


NO_RETRACTION = EventRejected(
    "not_allowed", "correction: a definition is not taken back; send another.", "correction"
)


def retract(batch: Batch) -> None:
    """Take back the stored events that the batch retracts, as far as its sender may."""
    stored = {one: batch.replaced.pop(one) for one in batch.retractions if one in batch.replaced}
    for index, event in list(stored.items()):
        is_definition = event.kind in KINDS and KINDS[event.kind].about is EventSubject.COURSE
        if is_definition or not batch.sender.may_write_to(event.course_id):
            batch.reject(index, NO_RETRACTION if is_definition else NOT_ALLOWED)
            del stored[index]
    if not stored:
        return
    events = list(stored.values())
    if not succeeds(lambda: retract_events(events, now=batch.now), batch_size=len(batch.payloads)):
        for index in stored:
            batch.reject(index, FAILED)


@transaction.atomic
def retract_events(events: Sequence[Event], *, now: datetime) -> None:
    """Delete events and what they made, as though they had never been sent."""
    Event.objects.filter(pk__in=[event.pk for event in events]).delete()
    undo(events, now=now)


def undo(events: Sequence[Event], *, now: datetime) -> None:
    """Rebuild what these events, deleted by now, made.

    An enrollment whose last sign-up is among them goes; what else was said of it waits among the
    rejected events until the learner is enrolled again.
    """
    sign_ups = [event for event in events if is_sign_up(event)]
    gone = _without_sign_up(sign_ups) if sign_ups else set()
    enrolling.lock(gone)
    # the days on which they count until now
    enrollments_changed.send(Enrollment, ids=sorted(gone))
    _reject(Event.objects.filter(enrollment__in=gone), now=now)
    Enrollment.objects.filter(pk__in=gone).delete()
    rebuild_of(events)


def _without_sign_up(sign_ups: Sequence[Event]) -> set[int]:
    """The enrollments of these sign-ups that no kept one, and nobody else, says any more."""
    kept = Event.objects.filter(
        kind__in={event.kind for event in sign_ups},
        enrollment=None,
        learner__in={event.learner for event in sign_ups},
        course__in={event.course_id for event in sign_ups},
    )
    said = {entry_of(event) for event in kept}
    unsaid = enrollments_of([event for event in sign_ups if entry_of(event) not in said])
    others = EnrollmentStatusChange.objects.filter(
        enrollment__in=unsaid, kind=STARTED, by_event=False
    )
    return unsaid - set(others.values_list("enrollment_id", flat=True))


def _reject(events: Collection[Event], *, now: datetime) -> None:
    by_sender: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        by_sender[event.sender].append(event)
    for name, some in by_sender.items():
        rejected = [
            (
                event.payload,
                EventOutcome(event.key, REJECTED, "not_enrolled", NOT_ENROLLED, "learner"),
            )
            for event in some
        ]
        rejected_events.store(rejected, Sender(name), now=now)
    Event.objects.filter(pk__in=[event.pk for event in events]).delete()


NOT_ENROLLED = "learner: the sign-up was taken back; the event is tried again for a week."
