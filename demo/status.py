"""Whether the site contains demonstration data. Every page asks, so this loads little."""

from __future__ import annotations

from intake.events.senders import Sender
from intake.models import Receipt

SENDER = Sender("demonstration")


def is_loaded() -> bool:
    return Receipt.objects.filter(sender=SENDER.name).exists()
