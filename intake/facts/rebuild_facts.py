"""Rebuild the facts of single enrollments and customers from the stored events."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from core.changes import Changes
from core.database import locks
from curriculum import enrolling, enrollment_states
from curriculum.models import Enrollment, Learner
from curriculum.signals import enrollments_changed
from intake.event_kinds import (
    ENROLLMENT_RESETS,
    KINDS,
    UNDO_FUNCTIONS,
    EventSubject,
    dispatch,
)
from intake.facts import module_binding, rebuildable, run_binding
from intake.facts.rebuildable import Entry, entry_of, is_sign_up
from intake.models import Event

CHUNK_SIZE = 5_000
ENROLLMENTS_PER_CHUNK = 1_000


@transaction.atomic
def rebuild_enrollments(ids: Collection[int], *, now: datetime, changes: Changes) -> None:
    """Rebuild the facts that events made about these enrollments, and invalidate their days.

    Facts of imports stay, and so do those of enrollments some of whose events have been purged.
    It is safe to repeat.
    """
    ordered = sorted(set(ids))
    locks.lock_courses_shared(set(_enrollments(ordered).values_list("run__course_id", flat=True)))
    enrolling.lock(ordered)
    ordered = rebuildable.enrollments(ordered)
    for at in range(0, len(ordered), ENROLLMENTS_PER_CHUNK):
        _rebuild(ordered[at : at + ENROLLMENTS_PER_CHUNK], now, changes)


@transaction.atomic
def rebuild_facts_of(events: Sequence[Event], *, now: datetime, changes: Changes) -> None:
    """Rebuild the facts of these events, which may be deleted, from the stored events."""
    rebuild_enrollments(enrollments_of(events), now=now, changes=changes)
    for undo in UNDO_FUNCTIONS:
        for which in undo(events, changes):
            _dispatch_again(which, now, changes)


def dispatch_and_rebind(events: Sequence[Event], *, now: datetime, changes: Changes) -> None:
    """Pass these events to their handlers; rebind others to the runs and modules they change."""
    relocated = dispatch(events, now=now, changes=changes)
    if wrong := module_binding.bind_to_modules(relocated):
        rebuild_enrollments(wrong, now=now, changes=changes)
    if sign_ups := [event for event in events if is_sign_up(event)]:
        rebind(enrollments_of(sign_ups), now=now, changes=changes)


def rebind(ids: Collection[int], *, now: datetime, changes: Changes) -> None:
    """Bind events without a run to the run entered last before them; rebuild what changed.

    The ids are those of enrollments, whose learners may have entered another run.
    """
    ordered = sorted(ids)
    for begin in range(0, len(ordered), CHUNK_SIZE):
        if wrong := run_binding.bind_to_runs(ordered[begin : begin + CHUNK_SIZE]):
            rebuild_enrollments(wrong, now=now, changes=changes)


def _rebuild(ids: Sequence[int], now: datetime, changes: Changes) -> None:
    # once for the days on which they count now, and below for those on which they count then
    enrollments_changed.send(Enrollment, ids=ids, changes=changes)
    for reset in ENROLLMENT_RESETS:
        reset(ids, changes)
    enrolling.remove_event_changes(ids)
    dispatch(sign_ups_of(ids), now=now, changes=changes)
    _dispatch_again(Q(enrollment__in=ids), now, changes)
    enrollment_states.update_enrollments(ids, changes=changes)
    enrollments_changed.send(Enrollment, ids=ids, changes=changes)


def enrollments_of(events: Sequence[Event]) -> set[int]:
    """Return the enrollments (ids) of these events; a sign-up has none and is found by its run."""
    return set(rebuildable.enrollments_by_event(events).values())


def sign_ups_of(ids: Collection[int]) -> list[Event]:
    """Return the stored sign-ups of these enrollments, in order of arrival."""
    rows = _enrollments(ids).values_list("learner__key", "run__course_id", "run__key")
    entries: set[Entry] = set(rows)
    events = Event.objects.filter(
        kind__in=[name for name, kind in KINDS.items() if kind.about is EventSubject.SIGN_UP],
        enrollment=None,
        learner__in={learner for learner, _, _ in entries},
        course__in={course for _, course, _ in entries},
    )
    return [event for event in events.order_by("pk") if entry_of(event) in entries]


def not_deleted(events: Sequence[Event]) -> list[Event]:
    """Return the events whose learner still exists, and those without a learner."""
    keys = {event.learner for event in events}
    known = {"", *Learner.objects.filter(key__in=keys).values_list("key", flat=True)}
    return [event for event in events if event.learner in known]


def _enrollments(ids: Collection[int]) -> QuerySet[Enrollment]:
    return Enrollment.objects.filter(pk__in=ids).order_by()


def _dispatch_again(which: Q, now: datetime, changes: Changes) -> None:
    for events in _chunks(which):
        dispatch_and_rebind(not_deleted(events), now=now, changes=changes)


def _chunks(which: Q) -> Iterator[list[Event]]:
    """Yield the stored events of known kinds, in order of arrival."""
    rows, last = Event.objects.filter(which, kind__in=list(KINDS)), 0
    while events := list(rows.filter(pk__gt=last).order_by("pk")[:CHUNK_SIZE]):
        yield events
        last = events[-1].pk
