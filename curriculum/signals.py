"""What upper steps may want to know of the curriculum, without its knowing them."""

from __future__ import annotations

from django.dispatch import Signal

# staff changed by hand how enrolments count; comes with their `ids`
enrollments_changed = Signal()
