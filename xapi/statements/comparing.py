"""Whether two statements say the same, as the specification compares them."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from xapi.statements.agents import identifier_of
from xapi.validation import values
from xapi.validation.wrong import Wrong

# what the store sets, and what is no part of what a statement says
NOT_COMPARED = {"id", "stored", "authority", "version"}
SECONDS = re.compile(r"(\d+[.,]\d{1,2})\d*S")
Thing = dict[str, Any]


def first_difference(one: Thing, other: Thing) -> str | None:
    """Return the first property in which two valid statements differ; None if they are equal.

    One without a timestamp equals one with: the store has set it.
    """
    first, second = said_by(one), said_by(other)
    for name in sorted(first.keys() | second.keys()):
        if first.get(name) != second.get(name) and not (
            name == "timestamp" and (name not in one or name not in other)
        ):
            return name
    return None


def digest_of(statement: Thing) -> str:
    written = json.dumps(said_by(statement), sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(written.encode()).hexdigest()


def said_by(statement: Thing) -> Thing:
    """Return what a statement says, in one form for all ways to say it."""
    said = {name: value for name, value in statement.items() if name not in NOT_COMPARED}
    if "timestamp" in said:
        said["timestamp"] = _moment(said["timestamp"])
    said["actor"] = _actor(said["actor"])
    said["verb"] = said["verb"]["id"]
    said["object"] = _object(said["object"])
    if "duration" in said.get("result", ()):
        said["result"] = said["result"] | {"duration": _duration(said["result"]["duration"])}
    if "context" in said:
        said["context"] = _context(said["context"])
    if "attachments" in said:
        said["attachments"] = sorted(one["sha2"].lower() for one in said["attachments"])
    return said


def _moment(text: str) -> str:
    try:
        return values.parsed(text).isoformat()
    except Wrong:
        return text


def _duration(text: str) -> str:
    """Return a duration to the hundredth of a second, further than which none is compared."""
    return SECONDS.sub(lambda found: found[1].rstrip("0").rstrip(".,") + "S", text)


def _actor(actor: Thing) -> Any:
    if identifier := identifier_of(actor):
        return identifier
    return sorted(str(identifier_of(one)) for one in actor.get("member", ()))


def _object(target: Thing) -> Any:
    kind = target.get("objectType", "Activity")
    if kind in ("Agent", "Group"):
        return [kind, _actor(target)]
    if kind == "SubStatement":
        return [kind, said_by(target)]
    if kind == "StatementRef":
        return [kind, target["id"].lower()]
    return ["Activity", target["id"]]


def _context(context: Thing) -> Thing:
    said = dict(context)
    for name in ("instructor", "team"):
        if name in said:
            said[name] = _actor(said[name])
    for name in ("registration",):
        if name in said:
            said[name] = said[name].lower()
    if "statement" in said:
        said["statement"] = said["statement"]["id"].lower()
    if "contextActivities" in said:
        said["contextActivities"] = {
            name: sorted(one["id"] for one in (some if type(some) is list else [some]))
            for name, some in said["contextActivities"].items()
        }
    return said
