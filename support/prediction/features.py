"""Describe how enrollments stand at a day of their course. Arithmetic on arrays: no Django here.

Whatever happened on that day or later is not read, so that a model learns from nothing that it
will not know when it is used.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from support.prediction.histories import Bools, Floats, Histories, Ints

WEEK = 7
NOTHING = -1


@dataclass(frozen=True)
class Standings:
    """How each enrollment stands: one element per enrollment in each array.

    `is_open` is true for those that have begun, have neither left nor completed, are not paused,
    and whose run and time are not over. `last_active` is NOTHING for a learner who was never active
    since the start. `overdue_module` is the one overdue for longest, `failed_assessment` the one
    with the lowest score; both are NOTHING if there is none.
    """

    is_open: Bools
    days: Ints
    share_elapsed: Floats
    last_active: Ints
    idle_days: Ints
    active_days: Floats
    active_days_of_week: Floats
    active_days_of_month: Floats
    lead_days: Floats
    planned: Ints
    due: Ints
    done: Ints
    done_of_due: Ints
    overdue_days: Ints
    overdue_module: Ints
    mean_delay: Floats
    results: Ints
    mean_score: Floats
    last_score: Floats
    failed: Ints
    failed_assessment: Ints
    lowest_score: Floats

    def __getitem__(self, wanted: Bools | Ints) -> Standings:
        return Standings(*(getattr(self, one.name)[wanted] for one in fields(self)))


def standings_at(histories: Histories, day: Ints) -> Standings:
    """Describe each enrollment by what happened before its day, an ordinal."""
    is_paused, due, end = _dates_with_pauses(histories, day)
    days = day - histories.begins
    length = np.maximum(histories.planned - histories.begins, 1)
    is_open = (
        (days > 0) & (histories.withdrawn >= day) & (histories.completed >= day)
        & ~is_paused & (end >= day) & (histories.run_ends >= day)
    )  # fmt: skip
    return Standings(
        is_open=is_open,
        days=days,
        share_elapsed=days / length,
        lead_days=np.maximum(histories.begins - histories.enrolled, 0).astype(float),
        **_activity(histories, day),
        **_plan(histories, day, due),
        **_results(histories, day),
    )


def _dates_with_pauses(histories: Histories, day: Ints) -> tuple[Bools, Ints, Ints]:
    """Return who is paused, and the due days of modules and courses, as known on the day."""
    is_paused = np.zeros(len(histories), bool)
    due, end = histories.plan.due.copy(), histories.planned.copy()
    for row, pauses in histories.pauses.items():
        known = [(begin, min(end, day[row])) for begin, end in pauses if begin < day[row]]
        is_paused[row] = any(begin < day[row] <= ended for begin, ended in pauses)
        lines = slice(*np.searchsorted(histories.plan.row, (row, row + 1)))
        due[lines] = _later(due[lines], known)
        end[row] = _later(end[row : row + 1], known)[0]
    return is_paused, due, end


def _later(due: Ints, pauses: list[tuple[int, int]]) -> Ints:
    """Move due days by the pauses that began before them, as curriculum/pause_shift.py does."""
    resumed = 0
    for begin, end in pauses:
        due = np.where(begin < due, due + max(end - max(begin, resumed), 0), due)
        resumed = max(resumed, end)
    return due


def _activity(histories: Histories, day: Ints) -> dict[str, Any]:
    every, size = histories.activity, len(histories)
    since = histories.begins[every.row]
    then = day[every.row]
    ago = then - every.day
    is_past = (ago > 0) & (every.day >= since)
    is_week, is_month = is_past & (ago <= WEEK), is_past & (ago <= 4 * WEEK)

    def count(mask: Bools) -> Floats:
        return np.bincount(every.row[mask], minlength=size).astype(float)

    last = np.full(size, NOTHING, np.int64)
    np.maximum.at(last, every.row[is_past], every.day[is_past])
    idle = np.where(last == NOTHING, day - histories.begins, day - 1 - last)
    return {
        "last_active": last,
        "idle_days": np.maximum(idle, 0),
        "active_days": count(is_past),
        "active_days_of_week": count(is_week),
        "active_days_of_month": count(is_month),
    }


def _plan(histories: Histories, day: Ints, due: Ints) -> dict[str, Any]:
    plan, size = histories.plan, len(histories)
    then = day[plan.row]
    is_due, is_done = due < then, plan.done < then
    is_overdue = is_due & ~is_done

    def count(mask: Bools) -> Ints:
        return np.bincount(plan.row[mask], minlength=size)

    late = np.clip(plan.done - due, -28, 28)[is_done]
    delays = np.bincount(plan.row[is_done], late, size) / np.maximum(count(is_done), 1)
    module, days = np.full(size, NOTHING), np.zeros(size, np.int64)
    # of each enrollment, the last one written is the one overdue for longest
    order = np.flatnonzero(is_overdue)
    order = order[np.argsort(-due[order], kind="stable")]
    module[plan.row[order]] = plan.module[order]
    days[plan.row[order]] = (then - 1 - due)[order]
    return {
        "planned": np.bincount(plan.row, minlength=size),
        "due": count(is_due),
        "done": count(is_done),
        "done_of_due": count(is_due & is_done),
        "overdue_days": days,
        "overdue_module": module,
        "mean_delay": delays,
    }


def _results(histories: Histories, day: Ints) -> dict[str, Any]:
    """Describe the best score of each enrollment in each assessment."""
    every, size = histories.results, len(histories)
    known = np.flatnonzero(every.day < day[every.row])
    known = known[np.lexsort((-every.score[known], every.assessment[known], every.row[known]))]
    pairs = np.stack([every.row[known], every.assessment[known]])
    is_first = np.ones(len(known), bool)
    is_first[1:] = (pairs[:, 1:] != pairs[:, :-1]).any(axis=0)
    best = known[is_first]
    row, score = every.row[best], every.score[best]
    number = np.bincount(row, minlength=size)
    by_day = best[np.argsort(every.day[best], kind="stable")]
    last = np.zeros(size)
    last[every.row[by_day]] = every.score[by_day]
    failed = best[score < every.pass_mark[best]]
    failed = failed[np.argsort(-every.score[failed], kind="stable")]
    assessment, lowest = np.full(size, NOTHING), np.ones(size)
    assessment[every.row[failed]] = every.assessment[failed]
    lowest[every.row[failed]] = every.score[failed]
    return {
        "results": number,
        "mean_score": np.bincount(row, score, size) / np.maximum(number, 1),
        "last_score": last,
        "failed": np.bincount(every.row[failed], minlength=size),
        "failed_assessment": assessment,
        "lowest_score": lowest,
    }
