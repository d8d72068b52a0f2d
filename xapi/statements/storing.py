"""Store a batch of statements: all of them or none, each once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from core.database import bulk_upsert, query_planner
from core.database.locks import queue_to_write
from core.database.queries import select
from xapi.models import ActivityMention, AgentMention, Attachment, SenderRules, Statement
from xapi.statements import clashes
from xapi.statements.attachments import declared_by, is_intact
from xapi.statements.batch import Batch, New, added_to, moment_of
from xapi.statements.identities import find_activities, find_agents, find_verbs
from xapi.statements.meaning import StoredStatement, hand_over
from xapi.statements.mentions import Mentions, Said, mentions_of
from xapi.statements.moments import begin_to_store
from xapi.statements.targets import check_voiding, store_targets

COLUMNS = (
    "uuid", "sender", "sent", "added", "version", "stored", "timestamp", "verb_id",
    "registration", "is_voided", "is_voiding", "has_own_properties", "sent_id",
)  # fmt: skip
IDS = "SELECT uuid, id FROM xapi_statement WHERE uuid IN %s"
# a batch of this size may change the size of tables so much that query plans get worse
LARGE_BATCH = 1_000


class StoredMeanwhileError(Exception):
    """Another request has stored a statement of the batch since it was looked for."""


def store(batch: Batch, *, may_void_all: bool) -> list[UUID]:
    """Store a batch in one transaction; return the ids of its statements, in their order.

    Raises Clashes when it is refused because of an id; what was refused is kept.
    """
    try:
        return _store_again_if_stored_meanwhile(batch, may_void_all=may_void_all)
    except clashes.Clashes as refused:
        with queue_to_write(), transaction.atomic():
            clashes.keep_refused(batch, refused)
        raise


def _store_again_if_stored_meanwhile(batch: Batch, *, may_void_all: bool) -> list[UUID]:
    given = list(batch.pending)
    try:
        return _store(batch, may_void_all=may_void_all)
    except StoredMeanwhileError:
        batch.pending = given
        return _store(batch, may_void_all=may_void_all)


def _store(batch: Batch, *, may_void_all: bool) -> list[UUID]:
    with queue_to_write(), transaction.atomic():
        stored = begin_to_store()
        every = list(batch.pending)
        clashes.settle(batch)
        check_voiding(batch, may_void_all=may_void_all)
        if batch.pending:
            new = _insert(batch, stored)
            store_targets(batch.pending, stored)
            _count_leniencies(batch)
            clashes.mark_resolved(batch, stored)
            hand_over(new, batch.key)
            if len(new) >= LARGE_BATCH:
                query_planner.analyze_grown_tables(growth=2)
    return [one.uuid for one in every]


def _insert(batch: Batch, stored: datetime) -> list[StoredStatement]:
    said = Said()
    mentions = [mentions_of(one.statement, said) for one in batch.pending]
    verbs = find_verbs(said.displays)
    agents = find_agents({key for one in mentions for key in one.agents}, said.names)
    activities = find_activities(
        {key for one in mentions for key in one.activities}, said.definitions
    )
    moments = [moment_of(one.statement, stored) for one in batch.pending]
    rows = [
        _row(batch, one, stored, moment, verbs)
        for one, moment in zip(batch.pending, moments, strict=True)
    ]
    try:
        bulk_upsert.insert(Statement, COLUMNS, rows)
    except IntegrityError as error:
        raise StoredMeanwhileError from error
    ids = {UUID(str(uuid)): pk for uuid, pk in select(IDS, [one.uuid.hex for one in batch.pending])}
    for one in batch.pending:
        one.id = ids[one.uuid]
    _mention(batch, mentions, stored, agents, activities)
    _store_attachments(batch)
    return [
        StoredStatement(one.id, one.uuid, one.statement, stored, moment)
        for one, moment in zip(batch.pending, moments, strict=True)
    ]


def _mention(
    batch: Batch,
    mentions: Sequence[Mentions],
    stored: datetime,
    agents: dict[str, int],
    activities: dict[str, int],
) -> None:
    pairs = list(zip(batch.pending, mentions, strict=True))
    bulk_upsert.insert(
        AgentMention,
        ("statement_id", "stored", "is_direct", "agent_id"),
        [(n.id, stored, direct, agents[key]) for n, m in pairs for key, direct in m.agents.items()],
    )
    bulk_upsert.insert(
        ActivityMention,
        ("statement_id", "stored", "is_direct", "activity_id"),
        [
            (n.id, stored, direct, activities[key])
            for n, m in pairs
            for key, direct in m.activities.items()
        ],
    )


def _row(
    batch: Batch, one: New, stored: datetime, moment: datetime, verbs: dict[str, int]
) -> tuple[Any, ...]:
    added, has_own = added_to(one, batch, stored)
    registration = one.statement.get("context", {}).get("registration")
    return (
        one.uuid, batch.key.name, one.text, added, batch.version, stored, moment,
        verbs[one.statement["verb"]["id"]], UUID(registration) if registration else None,
        False, one.is_voiding, has_own, one.sent_id,
    )  # fmt: skip


def _store_attachments(batch: Batch) -> None:
    if not batch.parts:
        return
    found = {
        (one.id, declared["sha2"].lower())
        for one in batch.pending
        for _, declared in declared_by(one.statement)
    }
    Attachment.objects.bulk_create(
        Attachment(
            statement_id=pk,
            sha2=sha2,
            content_type=batch.parts[sha2].content_type,
            content=batch.parts[sha2].content,
            is_intact=is_intact(sha2, batch.parts[sha2].content),
        )
        for pk, sha2 in sorted(found)
        if sha2 in batch.parts
    )


def _count_leniencies(batch: Batch) -> None:
    if batch.own_ids or batch.group_activities:
        SenderRules.objects.filter(pk=batch.rules.pk).update(
            own_ids_given=F("own_ids_given") + batch.own_ids,
            group_activities_taken=F("group_activities_taken") + batch.group_activities,
        )
