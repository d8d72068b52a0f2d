"""Record who reads what other senders have stored about people."""

from __future__ import annotations

from django.db.models import Model

from accounts.audit import Action, record
from xapi.api.call import Call


def note_reading(call: Call, about: type[Model], count: int, *, row: object = "") -> None:
    """Record what a key read of all senders' data; what it has sent itself is no news to it."""
    if call.sees_all:
        record(call.key, Action.VIEWED, about=about, count=count, row=row)
