"""What upper steps may want to know of the curriculum, without its knowing them."""

from __future__ import annotations

from django.dispatch import Signal

# staff changed by hand how enrolments count; comes with their `ids`
enrollments_changed = Signal()

# enrolments were made, completed or withdrawn, or their due dates move; comes with their `ids`,
# in the same transaction, and for a change of dates both before and after it
enrollments_dated = Signal()
