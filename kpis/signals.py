"""What others may want to know of KPIs, without the KPIs' knowing them."""

from __future__ import annotations

from django.dispatch import Signal

# sent in the transaction that writes them: the `indicator`, the measured `cells` that differ from
# what was stored, and `now`
measurements_changed = Signal()

# sent in the transaction that writes them: the new `targets`
targets_set = Signal()

# sent once they are committed, kind by kind: `changed`, a set of (category, kind of period, ids of
# the courses)
measurements_committed = Signal()

# sent when the task has measured all that was stale, whether a figure changed or not
recompute_finished = Signal()
