"""Signals by which other apps learn of changed figures and targets."""

from __future__ import annotations

from django.dispatch import Signal

# sent in the transaction that stores them, with `now` and `changed`: pairs of a KPI and a
# mapping from periods to the ids of courses, with None for the site
measurements_changed = Signal()

# sent in the transaction that stores them, with the new `targets`
targets_set = Signal()

# sent after the commit, kind by kind, with `changed`: a set of (category, kind of period, ids of
# the courses)
measurements_committed = Signal()

# sent when the task has recomputed everything stale, whether a figure changed or not
recompute_finished = Signal()
