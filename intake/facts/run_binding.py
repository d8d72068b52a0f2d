"""Bind events without a run to the run that the learner entered last before them.

A sign-up that arrives later, or is retracted, may change which run that is.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Exists, OuterRef

from core.database import bulk_upsert
from core.database.compiled_queries import CompiledQuery, given_ids
from curriculum.models import Enrollment
from intake.facts import rebuildable
from intake.facts.enrollment_lookup import EnrollmentRef, Pair, enrollment_at, enrollment_starts
from intake.models import Event


def bind_to_runs(enrollment_ids: Collection[int]) -> set[int]:
    """Rebind events without a run of these enrollments' learners, within the same course.

    Return the enrollments (ids) that lost or gained events, whose facts must be rebuilt.
    """
    starts = _starts_of(enrollment_ids)
    if not starts:
        return set()
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


SEVERAL = CompiledQuery(
    Enrollment.objects.filter(
        Exists(
            Enrollment.objects.filter(
                learner=OuterRef("learner"), run__course=OuterRef("run__course")
            ).exclude(pk=OuterRef("pk"))
        ),
        pk__in=given_ids("enrollments"),
    )
    .order_by()
    .values_list("learner_id", "run__course_id")
)


def _starts_of(enrollment_ids: Collection[int]) -> dict[Pair, list[EnrollmentRef]]:
    """Return the starts of learners who entered several runs of a course, by (learner, course).

    Without learners of whom events have been purged: their facts could not follow.
    """
    pairs = set(SEVERAL.run(enrollments=enrollment_ids))
    several = {
        pair: some
        for pair, some in enrollment_starts({learner for learner, _ in pairs}).items()
        if pair in pairs and len({one.pk for one in some}) > 1
    }
    entered = {one.pk for some in several.values() for one in some}
    complete = set(rebuildable.enrollments(entered))
    return {
        pair: some for pair, some in several.items() if complete.issuperset(one.pk for one in some)
    }
