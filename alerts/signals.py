"""What others may want to know of alerts, without the judge's knowing them."""

from __future__ import annotations

from django.dispatch import Signal

# sent for every AlertEvent (`event`), in the transaction that wrote it; people are told only of
# those that `is_told`
alert_changed = Signal()
