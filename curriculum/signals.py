"""What upper steps may want to know of the curriculum, without its knowing them."""

from __future__ import annotations

from django.dispatch import Signal

# staff changed by hand how enrolments count; comes with their `ids`
enrollments_changed = Signal()

# enrolments were made, completed or withdrawn, or their due dates move; comes with their `ids`,
# in the same transaction, and for a change of dates both before and after it
enrollments_dated = Signal()

# the start or due dates of enrollments move, or they are cancelled or no longer; comes with their
# `ids`, both before and after the change
plans_moved = Signal()

# learners signed up, for the first time or at one more moment; comes with the `ids` of their
# enrollments, after the change
enrollments_entered = Signal()
