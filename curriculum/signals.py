"""Signals by which the apps above learn of changes in the curriculum."""

from __future__ import annotations

from django.dispatch import Signal

# Each signal carries the `ids` of enrollments and is sent in the transaction of the change. The
# receivers note in its `changes` what changes; without these, they write it themselves.

# Staff or a correction changed whether or where enrollments count.
enrollments_changed = Signal()

# Enrollments were created, completed or withdrawn, or their due dates moved. A change of dates
# sends it twice: before and after.
enrollment_dates_changed = Signal()

# Start or due dates moved, or enrollments began or ceased to be canceled. Sent before and after.
plan_dates_changed = Signal()

# Learners signed up, for the first time or again. Sent after the change, with `by_event`.
sign_ups_recorded = Signal()

# Learners count from now on, or no longer. Carries the `ids` of learners.
learners_changed = Signal()

# Learners are known from now on. Carries their `keys` instead of ids.
learners_created = Signal()

# A value of a parameter was set, applied or reverted. Carries the `change`, whose
# `effective_from` may lie in the future.
parameter_changed = Signal()

# A proposed value was rejected, or staff set another one. Carries the `change`.
proposal_rejected = Signal()
