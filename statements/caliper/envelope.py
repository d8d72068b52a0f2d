"""Check a Caliper envelope and what is in it. No database here."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

CONTEXT = "http://purl.imsglobal.org/ctx/caliper/v"
VERSIONS = {"1.1": f"{CONTEXT}1p1", "1.2": f"{CONTEXT}1p2"}
ENVELOPE = ("sensor", "sendTime", "dataVersion", "data")
EVENT = ("id", "type", "actor", "action", "object", "eventTime")
LONGEST_ID = 200
MAX_ITEM = 256 * 1024
MAX_DEPTH = 50


class BadEnvelope(Exception):  # noqa: N818 - what is wrong is an envelope
    """The whole envelope is refused: where it is wrong, and what would be right."""

    def __init__(self, field: str, sentence: str, *, is_version: bool = False) -> None:
        super().__init__(f"{field}: {sentence}" if field else sentence)
        self.field = field
        self.is_version = is_version


@dataclass(frozen=True)
class Envelope:
    sensor: str
    sent_at: datetime
    items: list[Any]


@dataclass(frozen=True)
class Wrong:
    """What is wrong with one item, and where."""

    field: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.field}: {self.sentence}" if self.field else self.sentence


def open_envelope(body: Any, versions: Collection[str]) -> Envelope:
    """Check an envelope; raises BadEnvelope. What it contains is checked one by one."""
    _check_properties(body)
    sensor, data = body["sensor"], body["data"]
    if isinstance(sensor, dict):
        sensor = sensor.get("id")
    if not isinstance(sensor, str) or not sensor.strip():
        raise BadEnvelope("sensor", "must be the IRI of the sensor.")
    sent_at = moment(body["sendTime"])
    if sent_at is None:
        raise BadEnvelope("sendTime", "must be a time in UTC, such as 2026-01-06T09:30:00.000Z.")
    _check_version(body["dataVersion"], versions)
    if not isinstance(data, list) or not data:
        raise BadEnvelope("data", "must be a list of at least one event or entity.")
    return Envelope(sensor, sent_at, data)


def _check_properties(body: Any) -> None:
    if not isinstance(body, dict):
        raise BadEnvelope("", "Send one Caliper envelope: a JSON object with a list of events.")
    for name in ENVELOPE:
        if name not in body:
            raise BadEnvelope(name, "is missing from the envelope.")
    if unknown := sorted(body.keys() - set(ENVELOPE)):
        raise BadEnvelope(unknown[0][:100], "is no property of an envelope.")


def _check_version(sent: Any, versions: Collection[str]) -> None:
    accepted = [VERSIONS[one] for one in versions]
    if sent not in accepted:
        shown = sent[:100] if isinstance(sent, str) else type(sent).__name__
        raise BadEnvelope(
            "dataVersion",
            f"this endpoint accepts {' or '.join(accepted)}, not {shown}.",
            is_version=isinstance(sent, str) and sent.startswith("http"),
        )


def is_entity(item: Any) -> bool:
    """True for the description of an entity, which a sensor may send among its events."""
    if not isinstance(item, Mapping) or "action" in item:
        return False
    name = item.get("type")
    return isinstance(name, str) and not name.endswith("Event") and isinstance(item.get("id"), str)


def find_wrong(item: Any, index: int, versions: Collection[str]) -> Wrong | None:
    """Return the first thing that is wrong with an event; None if it is right."""
    place = f"data[{index}]"
    if not isinstance(item, dict):
        return Wrong(place, "must be a JSON object.")
    if _depth(item) > MAX_DEPTH:
        return Wrong(place, f"is nested deeper than {MAX_DEPTH} levels.")
    if len(json.dumps(item)) > MAX_ITEM:
        return Wrong(place, f"is larger than {MAX_ITEM // 1024} KiB.")
    if is_entity(item):
        return None
    for name in EVENT:
        if item.get(name) in (None, "", {}, []):
            return Wrong(f"{place}.{name}", "is missing.")
    return _wrong_context(item, place, versions) or _wrong_value(item, place)


def _wrong_context(item: Mapping[str, Any], place: str, versions: Collection[str]) -> Wrong | None:
    accepted = [VERSIONS[one] for one in versions]
    context = item.get("@context")
    named = context if isinstance(context, list) else [context]
    # extensions of a profile add their name to the version's
    if any(isinstance(one, str) and one.startswith(tuple(accepted)) for one in named):
        return None
    return Wrong(f"{place}.@context", f"must name {' or '.join(accepted)}.")


def _wrong_value(item: Mapping[str, Any], place: str) -> Wrong | None:
    for name in ("id", "type", "action"):
        if not isinstance(item[name], str):
            return Wrong(f"{place}.{name}", "must be text.")
        if "\x00" in item[name] or len(item[name]) > LONGEST_ID:
            return Wrong(f"{place}.{name}", f"may have at most {LONGEST_ID} characters.")
    for name in ("actor", "object"):
        one = item[name]
        if not isinstance(one, str) and not (isinstance(one, dict) and _is_id(one.get("id"))):
            return Wrong(f"{place}.{name}.id", "must be an IRI.")
    if moment(item["eventTime"]) is None:
        return Wrong(f"{place}.eventTime", "must be a time in UTC, such as 2026-01-06T09:30:00Z.")
    return None


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def moment(value: Any) -> datetime | None:
    """Return a time with its zone; None for anything else."""
    if not isinstance(value, str) or "T" not in value:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _depth(value: Any) -> int:
    level, depth = [value], 0
    while level and depth <= MAX_DEPTH:
        level = [child for one in level for child in _children(one)]
        depth += 1
    return depth


def _children(value: Any) -> Collection[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
