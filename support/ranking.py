"""Rank the learners of running runs by what speaks against finishing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Q, QuerySet

from core import reporting_clock
from core.database import bulk_upsert
from core.database.locks import queue_to_write, try_lock
from curriculum.models import Enrollment
from kpis.definitions.periods import local_day
from support.models import ChanceModel, Ranking, Standing
from support.prediction import loading
from support.prediction.features import NOTHING, WEEK, Standings, standings_at
from support.prediction.formula import Formula
from support.prediction.histories import Floats, Histories, Ints
from support.prediction.rules import points_of, reasons_of, share_of_points

# enrollments whose facts are in memory at the same time
AT_ONCE = 5_000
COLUMNS = (
    *("enrollment_id", "score", "points", "week", "last_active_on", "overdue_days"),
    *("overdue_module_id", "failed", "failed_assessment_id", "lowest_score", "due"),
    *("done_of_due", "never_started", "inactive", "behind", "failing", "slow"),
)
MERGE = dict.fromkeys(COLUMNS[1:], "replace")
Row = tuple[Any, ...]


def rank(now: datetime) -> int:
    """Bring all standings up to date; returns how many there are.

    It may be killed or run twice: only rows that differ are written, and one process does it.
    """
    with try_lock("rank-learners") as is_ours:
        return _rank(now) if is_ours else 0


def running(now: datetime, today: date) -> QuerySet[Enrollment]:
    """Return enrollments that may still be completed in time, in runs that are not over."""
    return Enrollment.objects.counted().filter(
        Q(run__ends_on=None) | Q(run__ends_on__gt=today),
        started_at__lte=now,
        due_at__gt=now,
        withdrawn_at=None,
        completed_at=None,
    )


def scores_of(standings: Standings, courses: Ints, formula: Formula | None) -> Floats:
    """Return the chances of not finishing, or without a formula the shares of the points."""
    if formula is None:
        return share_of_points(standings)
    return formula.chances(standings, courses)


def _rank(now: datetime) -> int:
    today = local_day(now, reporting_clock.reporting_zone())
    model = ChanceModel.objects.latest_made()
    formula = model.usable_formula if model else None
    found, kept = running(now, today), set[int]()
    ids = sorted(found.values_list("pk", flat=True))
    for first in range(0, len(ids), AT_ONCE):
        some = ids[first : first + AT_ONCE]
        loaded = loading.load(found.filter(pk__gte=some[0], pk__lte=some[-1]))
        rows = {row[0]: row for row in _rows(loaded, today, formula)}
        kept |= rows.keys()
        _write(rows)
    gone = sorted(set(Standing.objects.values_list("enrollment_id", flat=True)) - kept)
    used = model if formula else None
    with queue_to_write(), transaction.atomic():
        for first in range(0, len(gone), AT_ONCE):
            some = gone[first : first + AT_ONCE]
            Standing.objects.filter(enrollment__in=some).delete()
        Ranking.objects.update_or_create(pk=1, defaults={"as_of": now, "model": used})
    return len(kept)


def _rows(loaded: Histories, today: date, formula: Formula | None) -> Iterator[Row]:
    # what happened today is known, too
    day = np.full(len(loaded), today.toordinal() + 1)
    every = standings_at(loaded, day)
    standings, ids = every[every.is_open], loaded.ids[every.is_open]
    score = scores_of(standings, loaded.courses[every.is_open], formula)
    reasons = reasons_of(standings)
    columns = (
        ids, score.round(4), points_of(standings), standings.days // WEEK, standings.last_active,
        standings.overdue_days, standings.overdue_module, standings.failed,
        standings.failed_assessment, standings.lowest_score, standings.due, standings.done_of_due,
        reasons.never_started, reasons.inactive, reasons.behind, reasons.failing, reasons.slow,
    )  # fmt: skip
    for row in zip(*(one.tolist() for one in columns), strict=True):
        pk, score_, points, week, last, late, module, failed, assessment, *rest = row
        yield (
            pk, score_, points, week, None if last == NOTHING else date.fromordinal(last), late,
            _id(module), failed, _id(assessment), *rest,
        )  # fmt: skip


def _id(found: int) -> int | None:
    return None if found == NOTHING else found


def _write(rows: dict[int, Row]) -> None:
    stored = Standing.objects.filter(enrollment__gte=min(rows, default=0)).order_by()
    same = set(stored.filter(enrollment__lte=max(rows, default=0)).values_list(*COLUMNS).iterator())
    changed = [row for row in rows.values() if row not in same]
    if changed:
        with queue_to_write():
            bulk_upsert.upsert(Standing, COLUMNS, changed, conflict="enrollment_id", merge=MERGE)
