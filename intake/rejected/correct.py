"""Correct rejected events, one or all with the same fault, and receive them again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from intake.events.batch import EventOutcome
from intake.events.rejected_events import text_of
from intake.events.senders import Sender, sender_named
from intake.models import RejectedEvent
from intake.rejected import payloads
from intake.rejected.payloads import ABSENT, Path
from intake.replay import retry

# the latest of more
MOST_ALIKE = 1_000


class CorrectionRefused(Exception):  # noqa: N818 - an answer to a person, not an error of ours
    """The event was accepted or corrected meanwhile; the text says so."""


@transaction.atomic
def save(row: RejectedEvent, text: str, *, seen: str) -> RejectedEvent:
    """Store a correction of what somebody has seen (a digest), and keep the event as it was sent.

    Raises CorrectionRefused if the event was accepted or corrected meanwhile.
    """
    now = RejectedEvent.objects.select_for_update().get(pk=row.pk)
    if now.resolved_at:
        raise CorrectionRefused(gettext("The event was accepted meanwhile. Nothing was changed."))
    check_unchanged(now, seen)
    _change(now, text)
    now.save(update_fields=("payload", "original"))
    return now


def check_unchanged(row: RejectedEvent, seen: str) -> None:
    """Raise CorrectionRefused if the event is no longer what somebody has seen (a digest)."""
    if payloads.digest_of(row.payload) != seen:
        raise CorrectionRefused(changed_meanwhile())


def changed_meanwhile() -> str:
    return gettext(
        "Somebody else corrected the event meanwhile. Nothing was changed; this is how it is now."
    )


def _change(row: RejectedEvent, text: str) -> None:
    if text != row.payload and not row.original:
        row.original = row.payload
    row.payload = text


def alike(row: RejectedEvent) -> list[RejectedEvent]:
    """Return the other open events that were rejected for the same value of the same field."""
    value = _faulty_value(row)
    if value is ABSENT:
        return []
    same = RejectedEvent.objects.open().filter(code=row.code, field=row.field, sender=row.sender)
    others = same.exclude(pk=row.pk).order_by("-pk")[:MOST_ALIKE]
    return [one for one in others if _faulty_value(one) == value]


def _faulty_value(row: RejectedEvent) -> Any:
    """Return the value of the field that was wrong, with its type; ABSENT if there is none."""
    payload = payloads.read(row.payload)
    if payload is None or not row.field:
        return ABSENT
    value = payloads.value_at(payload, tuple(row.field.split(".")))
    is_single = isinstance(value, str | int | float | bool)
    return (type(value).__name__, value) if is_single else ABSENT


@transaction.atomic
def save_alike(rows: Iterable[RejectedEvent], change: Mapping[Path, Any]) -> list[RejectedEvent]:
    """Make the same change in events that are still open and as they were read; return those."""
    read = {row.pk: row.payload for row in rows}
    locked = RejectedEvent.objects.open().filter(pk__in=read).select_for_update().order_by("pk")
    found = [row for row in locked if row.payload == read[row.pk]]
    for row in found:
        payload = payloads.read(row.payload)
        if payload is not None:
            _change(row, text_of(payloads.changed(payload, change)))
    RejectedEvent.objects.bulk_update(found, ("payload", "original"), batch_size=200)
    return found


def replay(rows: Sequence[RejectedEvent]) -> list[EventOutcome]:
    """Receive corrected events again, those of each sender together; return what became of them."""
    by_sender: dict[Sender, list[RejectedEvent]] = defaultdict(list)
    for row in rows:
        by_sender[_sender_of(row)].append(row)
    return [one for sender, some in by_sender.items() for one in retry(some, sender)]


def _sender_of(row: RejectedEvent) -> Sender:
    return sender_named(row.sender) or Sender(row.sender, creates_unknown=row.creates_unknown)
