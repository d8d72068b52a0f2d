"""Which KPIs and courses must be evaluated again: marked in the transaction of each change."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.db import transaction
from django.db.models import Q

from alerts.models import AlertRule, PendingEvaluation
from core import reporting_clock, task_queue
from core.database import bulk_upsert
from kpis.definitions.periods import Period
from kpis.definitions.registry import Indicator
from kpis.models import Target
from kpis.signals import measurements_changed, recompute_finished, targets_set

CHUNK = 500
ALL_KINDS = ""

TASK = "alerts.tasks.evaluate_changed"
QUEUED = "alerts.evaluation-queued"


def listen() -> None:
    measurements_changed.connect(mark_measurements, dispatch_uid="alerts")
    targets_set.connect(mark_targets, dispatch_uid="alerts")
    recompute_finished.connect(evaluate_recomputed, dispatch_uid="alerts")


def mark_measurements(
    changed: Sequence[tuple[Indicator, Mapping[Period, Collection[int | None]]]],
    now: datetime,
    **_: Any,
) -> None:
    """Mark the kinds and courses of changed periods that are closed.

    Periods that may close before the measuring ends count too. An evaluation of a course covers
    the whole site as well.
    """
    soon = now + timedelta(seconds=reporting_clock.LONGEST_WRITE_SECONDS)

    @cache
    def is_closed(period: Period) -> bool:
        return period.is_closed(soon, reporting_clock.close_lag())

    marks: set[tuple[str, str, int | None]] = set()
    for indicator, places in changed:
        closed = {
            (period.kind, course)
            for period, courses in places.items()
            if is_closed(period)
            for course in courses
        }
        of_courses = {kind for kind, course in closed if course is not None}
        marks |= {
            (indicator.key, kind, course)
            for kind, course in closed
            # without any course, the change is one of the whole site
            if course is not None or kind not in of_courses
        }
    mark_pending(marks)


def evaluate_recomputed(**_: Any) -> None:
    queue_evaluation()


def mark_targets(targets: Sequence[Target], **_: Any) -> None:
    """Evaluate a target that a person sets at once, and one from a release on schedule."""
    mark_pending((one.kpi, ALL_KINDS, one.course_id) for one in targets)
    if any(one.set_by_id for one in targets):
        transaction.on_commit(queue_evaluation)


def mark_pending(keys: Iterable[tuple[str, str, int | None]]) -> None:
    """Mark (KPI, kind of period, course id); None stands for any course."""
    rows = sorted(set(keys), key=lambda one: (*one[:2], one[2] or 0))
    bulk_upsert.insert(PendingEvaluation, ("kpi", "period_kind", "course_id"), rows)


def pending_for(
    rule: AlertRule, course_id: int | None, *, not_before: datetime | None = None
) -> PendingEvaluation:
    """Return an unsaved mark for a rule in one course."""
    return PendingEvaluation(
        kpi=rule.kpi, period_kind=rule.period_kind, course_id=course_id, not_before=not_before
    )


def due(now: datetime) -> list[PendingEvaluation]:
    return list(PendingEvaluation.objects.filter(Q(not_before=None) | Q(not_before__lte=now)))


def clear(pending: Sequence[PendingEvaluation]) -> None:
    """Delete by id, not by range: a slower transaction may add rows in between."""
    ids = [one.pk for one in pending]
    for at in range(0, len(ids), CHUNK):
        PendingEvaluation.objects.filter(pk__in=ids[at : at + CHUNK]).delete()


def schedule(pending: Iterable[PendingEvaluation], now: datetime) -> None:
    """Save one future evaluation per KPI, kind and course, unless there is one already."""
    waiting = PendingEvaluation.objects.filter(not_before__gt=now)
    existing = set(waiting.values_list("kpi", "period_kind", "course_id"))
    by_key = {(one.kpi, one.period_kind, one.course_id): one for one in pending}
    PendingEvaluation.objects.bulk_create(
        [one for key, one in by_key.items() if key not in existing], batch_size=1000
    )


def queue_evaluation() -> None:
    """Queue one evaluation task, however often this is called before it starts."""
    otherwise = "alerts are evaluated on schedule"  # not translated: a log
    task_queue.enqueue_once(TASK, queued=QUEUED, otherwise=otherwise)
