"""What must be judged again: marked where a closed period or a target changes, with the change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Q

from alerts.models import AlertRule, PendingEvaluation
from core import task_queue

CHUNK = 500
EVERY_KIND = ""

TASK = "alerts.tasks.evaluate_changed"
QUEUED = "kpis.judge-queued"


def mark_pending(places: Iterable[tuple[str, str, int | None]]) -> None:
    """Mark (KPI, kind of period, course id); no course is any, no kind every."""
    rows = sorted(set(places), key=lambda one: (*one[:2], one[2] or 0))
    PendingEvaluation.objects.bulk_create(
        [
            PendingEvaluation(kpi=kpi, period_kind=kind, course_id=course)
            for kpi, kind, course in rows
        ],
        batch_size=1000,
    )


def mark_of(
    rule: AlertRule, course_id: int | None, *, not_before: datetime | None = None
) -> PendingEvaluation:
    """A mark for the rule's own scope in a course, to be looked at from a moment on."""
    return PendingEvaluation(
        kpi=rule.kpi, period_kind=rule.period_kind, course_id=course_id, not_before=not_before
    )


def due(now: datetime) -> list[PendingEvaluation]:
    return list(PendingEvaluation.objects.filter(Q(not_before=None) | Q(not_before__lte=now)))


def clear(marks: Sequence[PendingEvaluation]) -> None:
    """Delete by id and not by range: a mark of a slower transaction may lie in between."""
    ids = [mark.pk for mark in marks]
    for at in range(0, len(ids), CHUNK):
        PendingEvaluation.objects.filter(pk__in=ids[at : at + CHUNK]).delete()


def evaluate_soon(marks: Iterable[PendingEvaluation], now: datetime) -> None:
    """Keep one mark of each KPI, kind and course for a later look, unless one is there."""
    waiting = PendingEvaluation.objects.filter(not_before__gt=now)
    there = set(waiting.values_list("kpi", "period_kind", "course_id"))
    later = {(one.kpi, one.period_kind, one.course_id): one for one in marks}
    PendingEvaluation.objects.bulk_create(
        [one for place, one in later.items() if place not in there], batch_size=1000
    )


def judge_soon() -> None:
    """Queue one judging task, however often it is asked for before it begins."""
    task_queue.enqueue_once(TASK, queued=QUEUED, otherwise="alerts are judged by the schedule")
