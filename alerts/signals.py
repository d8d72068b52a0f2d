"""The signal by which other apps follow alerts."""

from __future__ import annotations

from django.dispatch import Signal

# sent for every AlertEvent (`event`), in the transaction that wrote it
alert_changed = Signal()
