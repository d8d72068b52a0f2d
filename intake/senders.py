"""What the holder of an API key may send."""

from __future__ import annotations

from curriculum.access import Reader
from curriculum.models import ApiKey
from intake.resolve import Sender


def sender_of(key: ApiKey) -> Sender:
    reader = Reader.of(key)
    return Sender(
        key.name,
        creates_unknown=key.creates_unknown,
        course_ids=None if reader.sees_every_course else reader.course_ids,
        scopes=frozenset(key.scopes),
    )


def sender_named(name: str) -> Sender | None:
    """The sender as its key now allows; None when the key is gone, revoked or may not send."""
    key = ApiKey.objects.filter(name=name).first()
    return sender_of(key) if key and key.may(ApiKey.Scope.EVENTS_WRITE) else None
