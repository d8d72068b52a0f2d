"""The statements of one request on their way into the store."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings

from accounts.models import ApiKey
from xapi.errors import BadRequest, TooLarge
from xapi.models import SenderRules
from xapi.statements.agents import authority_of
from xapi.statements.formats import has_single_activity
from xapi.statements.moments import written
from xapi.statements.multipart import Part
from xapi.statements.parsing import Sent
from xapi.validation import values
from xapi.validation.statements import VOIDED, statement_check, uses_group_activity
from xapi.validation.usual import is_usual
from xapi.validation.wrong import Wrong

# the value of a statement's `version` when it was sent without one
VERSIONS = {"1.0.3": "1.0.0", "2.0.0": "2.0.0"}
# what only the store may set
OURS = ("stored", "authority")
UTC_ENDINGS = ("Z", "z", "+00:00")


@dataclass
class New:
    """A statement that is about to be stored."""

    index: int
    text: str
    statement: dict[str, Any]
    uuid: UUID
    # the id as sent, if it was replaced
    sent_id: UUID | None = None
    id: int = 0

    @property
    def target(self) -> UUID | None:
        """The statement that is its object."""
        about = self.statement["object"]
        return UUID(about["id"]) if about.get("objectType") == "StatementRef" else None

    @property
    def is_voiding(self) -> bool:
        return bool(self.statement["verb"]["id"] == VOIDED)


@dataclass
class Batch:
    """Checked statements; those of `pending` are not stored yet."""

    key: ApiKey
    rules: SenderRules
    version: str
    pending: list[New]
    parts: dict[str, Part] = field(default_factory=dict)
    own_ids: int = 0
    group_activities: int = 0


def open_batch(sent: Sequence[Sent], key: ApiKey, version: str) -> Batch:
    """Check all statements of a request; BadRequest with the place of the first that is wrong."""
    if len(sent) > settings.KPI_MAX_BATCH:
        raise TooLarge(
            f"The batch has {len(sent)} statements; the maximum is {settings.KPI_MAX_BATCH}."
        )
    rules = SenderRules.objects.filter(key=key).first() or SenderRules(key=key)
    check = statement_check(version, group_activities=rules.allows_group_activities)
    for index, one in enumerate(sent):
        try:
            if not is_usual(one.statement, version):
                check(one.statement)
        except Wrong as wrong:
            raise BadRequest.of(_placed(wrong, index)) from None
    pending = [
        New(index, one.text, one.statement, _uuid_of(one.statement))
        for index, one in enumerate(sent)
    ]
    batch = Batch(key, rules, version, pending)
    if rules.allows_group_activities:
        batch.group_activities = sum(map(uses_group_activity, (one.statement for one in sent)))
    if not rules.gives_own_ids:
        _refuse_same_ids(pending)
    return batch


def _placed(wrong: Wrong, index: int) -> Wrong:
    return wrong.inside(index).inside("statements")


def _uuid_of(statement: dict[str, Any]) -> UUID:
    return UUID(statement["id"]) if "id" in statement else uuid4()


def _refuse_same_ids(pending: Sequence[New]) -> None:
    first: dict[UUID, int] = {}
    for one in pending:
        if one.uuid in first:
            raise BadRequest(
                f"statements[{one.index}].id: is the id of statements[{first[one.uuid]}], too.",
                field=f"statements[{one.index}].id",
            )
        first[one.uuid] = one.index


def moment_of(statement: dict[str, Any], stored: datetime) -> datetime:
    return values.parsed(statement["timestamp"]) if "timestamp" in statement else stored


def added_to(new: New, batch: Batch, stored: datetime) -> tuple[str, bool]:
    """Return the properties that a statement gets from the store, and whether it has some itself.

    They are written so that they can be put before the last brace of what was sent.
    """
    statement = new.statement
    added: dict[str, Any] = {}
    has_own = any(name in statement for name in OURS) or has_single_activity(statement)
    if "id" not in statement or new.sent_id:
        added["id"] = str(new.uuid)
        has_own = has_own or "id" in statement
    if "timestamp" not in statement:
        added["timestamp"] = written(stored)
    elif not statement["timestamp"].endswith(UTC_ENDINGS):
        added["timestamp"] = written(values.parsed(statement["timestamp"]))
        has_own = True
    if "version" not in statement:
        added["version"] = VERSIONS[batch.version]
    text = json.dumps(added, separators=(",", ":"))[1:-1] + "," if added else ""
    return f"{text}{set_on_all(batch.key.name, stored)}", has_own


@lru_cache(maxsize=4)
def set_on_all(sender: str, stored: datetime) -> str:
    """Return the properties that all statements of a batch get alike."""
    added = {"stored": written(stored), "authority": authority_of(sender)}
    return json.dumps(added, ensure_ascii=False, separators=(",", ":"))[1:-1]
