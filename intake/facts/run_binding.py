"""Events that do not say their run belong to the one entered last before them.

A sign-up that arrives later, or is taken back, may make that another one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from core import bulk_upsert
from curriculum.models import Enrollment
from intake.facts.enrollment_lookup import EnrollmentRef, enrollment_at, enrollment_starts
from intake.models import Event

# a learner and a course
Pair = tuple[int, int]

_is_held: ContextVar[bool] = ContextVar("rebinding_is_held", default=False)


@contextmanager
def lock_bindings() -> Iterator[None]:
    """Bind nothing anew by itself: whoever replays events does so at the right moment."""
    token = _is_held.set(True)
    try:
        yield
    finally:
        _is_held.reset(token)


def is_held() -> bool:
    return _is_held.get()


def bind_to_runs(enrollment_ids: Collection[int]) -> set[int]:
    """Bind the events of these enrollments' learners in the course anew, where they say no run.

    Returns the enrollments (ids) whose facts are wrong now: those that lost events or got some.
    """
    starts = _starts_of(enrollment_ids)
    pair_of = {one.pk: pair for pair, some in starts.items() for one in some}
    events = Event.objects.filter(enrollment__in=pair_of, run_key="").order_by()
    moved = []
    for pk, bound, at in events.values_list("pk", "enrollment_id", "occurred_at"):
        meant = enrollment_at(starts[pair_of[bound or 0]], at)
        if meant is not None and meant.pk != bound:
            moved.append((pk, bound or 0, meant.pk))
    if moved:
        bulk_upsert.update(Event, ("enrollment_id",), [(pk, meant) for pk, _, meant in moved])
    return {pk for _, bound, meant in moved for pk in (bound, meant)}


def _starts_of(enrollment_ids: Collection[int]) -> dict[Pair, list[EnrollmentRef]]:
    """When which runs of their courses these learners entered, if they entered several."""
    enrollments = Enrollment.objects.filter(pk__in=enrollment_ids).order_by()
    pairs = set(enrollments.values_list("learner_id", "run__course_id"))
    found: dict[Pair, list[EnrollmentRef]] = defaultdict(list)
    # by the learner, who has few: by the course one would come to all that are in it
    for pair, one in enrollment_starts(enrollment__learner__in={learner for learner, _ in pairs}):
        if pair in pairs:
            found[pair].append(one)
    return {pair: some for pair, some in found.items() if len({one.pk for one in some}) > 1}
