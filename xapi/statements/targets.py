"""Statements about statements: which lead to which, and what is voided."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from django.db.models import Q

from core.database import bulk_upsert, queries
from core.database.queries import select
from xapi.errors import BadRequest, Forbidden
from xapi.models import Statement, Target
from xapi.statements.batch import Batch, New

EARLIER = """
SELECT statement_id, stored, target_id, is_direct, is_voiding FROM xapi_target
WHERE target_id IN %s
"""


def check_voiding(batch: Batch, *, may_void_all: bool) -> None:
    """Refuse to void what voids itself, and what the sender may not void."""
    voiding = {one.target: one for one in batch.pending if one.is_voiding and one.target}
    if not voiding:
        return
    found = Statement.objects.filter(uuid__in=list(voiding)).order_by()
    for uuid, is_voiding, sender in found.values_list("uuid", "is_voiding", "sender"):
        place = f"statements[{voiding[uuid].index}].object.id"
        if is_voiding:
            sentence = "is a statement that voids another one, which cannot be voided."
            raise BadRequest(f"{place}: {sentence}", field=place)
        if sender != batch.key.name and not may_void_all:
            raise Forbidden(
                f"{place}: is a statement of another sender; voiding it requires the scope "
                "xapi:all.",
                field=place,
            )


def store_targets(new: Sequence[New], stored: datetime) -> None:
    """Write down which statements the new ones lead to, and void what they void.

    What leads to a new statement from before leads to its targets, too.
    """
    pointing = [one for one in new if one.target]
    earlier = [
        (pk, queries.moment(at), UUID(str(target)), is_direct, is_voiding)
        for pk, at, target, is_direct, is_voiding in select(EARLIER, [one.uuid.hex for one in new])
    ]
    if not pointing and not earlier:
        return
    leads = _leads(pointing)
    rows = [
        (one.id, stored, target, target == one.target, one.is_voiding and target == one.target)
        for one in pointing
        for target in leads[one.uuid] - {one.uuid}
    ]
    rows += [
        (pk, at, beyond, False, False)
        for pk, at, target, _, _ in earlier
        for beyond in leads.get(target, ())
    ]
    # a direct one before one over others
    unique = {(row[0], row[2]): row for row in sorted(rows, key=lambda row: row[3])}
    names = ("statement_id", "stored", "target_id", "is_direct", "is_voiding")
    bulk_upsert.upsert(Target, names, unique.values(), conflict="statement_id, target_id")
    voided = {one.target for one in pointing if one.is_voiding and one.target}
    voided |= {target for _, _, target, _, is_voiding in earlier if is_voiding}
    Statement.objects.filter(uuid__in=voided, is_voiding=False, is_voided=False).update(
        is_voided=True
    )


def _leads(pointing: Sequence[New]) -> dict[UUID, set[UUID]]:
    """Return all that each new statement leads to, directly or over others."""
    leads: dict[UUID, set[UUID]] = defaultdict(set)
    for one in pointing:
        if one.target:
            leads[one.uuid].add(one.target)
    beyond: dict[UUID, set[UUID]] = defaultdict(set)
    found = Target.objects.filter(
        Q(statement__uuid__in={one.target for one in pointing})
    ).order_by()
    for pair in found.values_list("statement__uuid", "target_id"):
        uuid, target = cast("tuple[UUID, UUID]", pair)
        beyond[uuid].add(target)
    grown = True
    while grown:
        grown = False
        for uuid, targets in leads.items():
            more = set().union(*(leads.get(target, set()) for target in targets))
            more |= set().union(*(beyond.get(target, set()) for target in targets))
            grown = grown or not more <= targets
            leads[uuid] = targets | more
    return leads
