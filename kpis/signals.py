"""Signals by which other apps learn of changed figures and targets."""

from __future__ import annotations

from typing import NamedTuple

from django.dispatch import Signal


class CommittedChange(NamedTuple):
    """Where figures of a category differ now, in periods of one kind."""

    category: str
    period_kind: str
    course_ids: frozenset[int]
    run_ids: frozenset[int]


# sent in the transaction that stores them, with `now` and `changed`: pairs of a KPI and a
# mapping from periods to the ids of courses, with None for the site
measurements_changed = Signal()

# sent in the transaction that stores them, with the new `targets`
targets_set = Signal()

# sent after the commit, kind by kind, with `changed`: a list of CommittedChange
measurements_committed = Signal()

# sent when the task has recomputed everything stale, whether a figure changed or not
recompute_finished = Signal()
