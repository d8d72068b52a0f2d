"""Whether the site contains demonstration data. Every page asks, so this loads little."""

from __future__ import annotations

from intake.events.senders import Sender
from intake.models import Receipt

SENDER = Sender("demonstration")


def is_loaded() -> bool:
    # in the order of the index, which SQLite else leaves for a scan if it knows one other sender
    receipts = Receipt.objects.filter(sender=SENDER.name).order_by("sender", "key", "kind")
    return receipts.values("pk").first() is not None
