"""Count what senders say, and keep an example of it that names nobody."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from core.database import bulk_upsert
from statements.interpreted import Interpreted
from statements.models import Pattern
from statements.occurrence import Occurrence
from statements.translation import Translation

COLUMNS = (
    "digest", "verb", "activity_type", "profile", "is_mapped", "kinds", "count", "incomplete",
    "lacks", "example", "sender", "origin", "first_at", "last_at",
)  # fmt: skip
MERGE = {
    "count": "add",
    "incomplete": "add",
    "last_at": "larger",
    **dict.fromkeys(("is_mapped", "kinds", "lacks"), "replace"),
}
# who did something, and what they wrote
PERSONAL = frozenset(
    ("actor", "authority", "instructor", "team", "contextAgents", "contextGroups", "membership",
     "session", "response", "attachments", "email", "mbox", "account", "assignee",
     "comment", "scoredBy", "creators", "federatedSession")
)  # fmt: skip


class PatternIds(dict[str, int]):
    """Ids of patterns by their digests, and the digests of the statements in their order."""

    order: Sequence[str] = ()


def digest_of(one: Occurrence) -> str:
    return _digest(f"{one.verb}\n{one.type}\n{one.profile}")


# senders say the same few things again and again
@lru_cache(maxsize=1_000)
def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def count_patterns(
    origin: str, some: Sequence[Interpreted], sender: str, *, now: datetime
) -> PatternIds:
    """Count statements by their pattern; return the ids of the patterns."""
    order = [digest_of(one.one) for one in some]
    counted: dict[str, list[Interpreted]] = {}
    for digest, one in zip(order, some, strict=True):
        counted.setdefault(digest, []).append(one)
    rows = [
        (
            digest, clean(same[0].one.verb), clean(same[0].one.type), clean(same[0].one.profile),
            *what_follows(same[-1].translation), len(same),
            sum(bool(one.translation.lacks) for one in same), lacks_of(same),
            example_of(same[0].one), sender, origin, now, now,
        )
        for digest, same in sorted(counted.items())
    ]  # fmt: skip
    back = bulk_upsert.upsert(
        Pattern, COLUMNS, rows, conflict="digest", merge=MERGE, returning=("digest", "id")
    )
    ids = PatternIds(back)
    ids.order = order
    return ids


def what_follows(found: Translation) -> tuple[bool, str]:
    """Return whether a rule applies, and the kinds of its events."""
    if found.rule is None:
        return False, ""
    return True, ", ".join(found.rule.kinds)[:500]


def lacks_of(some: Sequence[Interpreted]) -> str:
    return ", ".join(sorted({name for one in some for name in one.translation.lacks}))[:100]


def example_of(one: Occurrence) -> Any:
    """Return the statement without people, and without its id, which may name one."""
    return without_people({name: value for name, value in one.raw.items() if name != "id"})


def without_people(value: Any) -> Any:
    """Return a statement without who did it and what they wrote."""
    if isinstance(value, Mapping):
        return {
            clean(name): without_people(one)
            for name, one in value.items()
            if name not in PERSONAL and not _is_person(one)
        }
    if isinstance(value, list):
        return [{} if _is_person(one) else without_people(one) for one in value]
    return clean(value) if isinstance(value, str) else value


def _is_person(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    return value.get("objectType") in ("Agent", "Group") or value.get("type") == "Person"


def clean(text: str) -> str:
    """Return text that every database can store."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()
