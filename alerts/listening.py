"""What changes of KPIs and targets must be judged again: marked with the change itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from alerts.evaluation import pending_evaluations
from core import reporting_clock
from kpis.definitions.registry import Indicator
from kpis.models import Target
from kpis.recompute.store_measurements import Cell
from kpis.signals import measurements_changed, recompute_finished, targets_set


def listen() -> None:
    measurements_changed.connect(mark_measurements, dispatch_uid="alerts")
    targets_set.connect(mark_targets, dispatch_uid="alerts")
    recompute_finished.connect(judge_measured, dispatch_uid="alerts")


def mark_measurements(indicator: Indicator, cells: Sequence[Cell], now: datetime, **_: Any) -> None:
    pending_evaluations.mark_pending(
        (indicator.key, kind, course) for kind, course in _to_judge(cells, now)
    )


def judge_measured(**_: Any) -> None:
    pending_evaluations.judge_soon()


def mark_targets(targets: Sequence[Target], **_: Any) -> None:
    """What somebody sets is judged at once; what comes with a release, by the schedule."""
    pending_evaluations.mark_pending(
        (one.kpi, pending_evaluations.EVERY_KIND, one.course_id) for one in targets
    )
    if any(one.set_by_id for one in targets):
        transaction.on_commit(pending_evaluations.judge_soon)


def _to_judge(cells: Iterable[Cell], now: datetime) -> set[tuple[str, int | None]]:
    """Kind and course of what is closed, or will be before a slow measuring has ended.

    Whoever judges a course looks at the site too.
    """
    soon = now + timedelta(seconds=reporting_clock.LONGEST_WRITE_SECONDS)
    closed = [one for one in cells if one.period.is_closed(soon, reporting_clock.close_lag())]
    courses = {(one.period.kind, one.course_id) for one in closed if one.course_id is not None}
    return {*courses} or {(one.period.kind, None) for one in closed}
