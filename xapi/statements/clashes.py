"""Statements whose ids are taken: equal ones count once, different ones clash.

A clash refuses its batch, and everything of the batch that is not stored is kept as refused. If
the sender's rules say so, a clash is let in under an id of its own instead. That is made of the id
and the content, so that the same clash sent again is known.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django.utils import timezone

from core.database import bulk_upsert
from core.database.queries import select
from xapi.errors import Conflict
from xapi.models import RefusedStatement
from xapi.statements.batch import Batch, New
from xapi.statements.comparing import digest_of, first_difference

# what was erased has no text any more
SENT = """
SELECT uuid, sent FROM xapi_statement WHERE uuid IN %s
UNION ALL SELECT uuid, NULL FROM xapi_erasedstatement WHERE uuid IN %s
"""
UNRESOLVED = """
SELECT id, statement_id, digest FROM xapi_refusedstatement
WHERE sender = %s AND statement_id IN %s AND resolved_at IS NULL
"""


@dataclass(frozen=True)
class Clash:
    new: New
    difference: str

    @property
    def reason(self) -> str:
        return (
            f"statements[{self.new.index}].id: another statement is stored under this id; "
            f'"{self.difference}" differs.'
        )


class Clashes(Conflict):
    """A batch is refused; `kept` is what must not be lost."""

    def __init__(self, clashes: list[Clash], kept: list[New]) -> None:
        first = clashes[0]
        super().__init__(first.reason, field=f"statements[{first.new.index}].id")
        self.clashes = clashes
        self.kept = kept


def settle(batch: Batch) -> None:
    """Take what is stored already out of the pending statements; raise Clashes, or give own ids."""
    clashes = _compare(batch, _stored(one.uuid for one in batch.pending))
    if not clashes:
        return
    if not batch.rules.gives_own_ids:
        raise Clashes(clashes, batch.pending)
    for clash in clashes:
        new = clash.new
        new.sent_id = new.uuid
        new.uuid = uuid5(NAMESPACE_URL, f"{new.sent_id} {digest_of(new.statement)}")
    _compare(batch, _stored(clash.new.uuid for clash in clashes))
    batch.own_ids = sum(1 for one in batch.pending if one.sent_id)


def _stored(ids: Iterable[UUID]) -> dict[UUID, str | None]:
    asked = [one.hex for one in ids]
    rows = select(SENT, asked, asked)
    return {UUID(str(uuid)): sent for uuid, sent in rows}


def _compare(batch: Batch, stored: dict[UUID, str | None]) -> list[Clash]:
    """Compare pending statements with those stored and those before them in the batch.

    Those that were erased are not pending any more.
    """
    known: dict[UUID, dict[str, Any]] = {}
    left, clashes = [], []
    for new in batch.pending:
        before, sent = known.get(new.uuid), stored.get(new.uuid, "")
        if sent is None:
            continue
        if before is None and sent:
            before = json.loads(sent)
        known.setdefault(new.uuid, new.statement if before is None else before)
        difference = first_difference(before, new.statement) if before is not None else None
        if before is None or difference:
            left.append(new)
        if difference:
            clashes.append(Clash(new, difference))
    batch.pending = left
    return clashes


def keep_refused(batch: Batch, refused: Clashes, now: datetime | None = None) -> None:
    """Keep the statements of a refused batch that are not stored, each once."""
    reasons = {clash.new.index: clash.reason for clash in refused.clashes}
    others = f"was sent in a batch that was refused because of {refused.field}."
    rows = {
        _digest(new): (
            batch.key.name,
            new.uuid,
            new.text,
            batch.version,
            reasons.get(new.index, others)[:500],
            new.index in reasons,
            now or timezone.now(),
        )
        for new in refused.kept
    }
    named = ("sender", "statement_id", "sent", "version", "reason", "is_clash", "received_at")
    given = [(*row, digest) for digest, row in rows.items()]
    bulk_upsert.upsert(RefusedStatement, (*named, "digest"), given, conflict="sender, digest")


def mark_resolved(batch: Batch, now: datetime) -> None:
    """Mark what was refused before and is stored by this batch."""
    stored = {new.sent_id or new.uuid: new for new in batch.pending}
    found = [
        pk
        for pk, uuid, digest in select(UNRESOLVED, batch.key.name, [one.hex for one in stored])
        if _digest(stored[UUID(str(uuid))]) == digest
    ]
    if found:
        RefusedStatement.objects.filter(pk__in=found).update(resolved_at=now)


def _digest(new: New) -> str:
    """Return what tells two refused statements apart: the id as sent, and what they say."""
    return uuid5(NAMESPACE_URL, f"{new.sent_id or new.uuid} {digest_of(new.statement)}").hex
