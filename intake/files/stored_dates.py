"""When events that came before happened, by their kind and id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from intake.models import Event, Receipt


def stored_dates(sender: str, keys: Iterable[str]) -> Mapping[tuple[str, str], datetime]:
    """Return the times of the stored events with these ids; those that were purged have none."""
    # events have no index by id, their receipts do
    receipts = Receipt.objects.filter(sender=sender, key__in=list(keys)).order_by()
    rows = Event.objects.filter(pk__in=list(receipts.values_list("pk", flat=True))).order_by()
    fields = rows.values_list("kind", "key", "occurred_at")
    return {(kind, key): at for kind, key, at in fields}
