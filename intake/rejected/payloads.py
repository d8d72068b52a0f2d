"""Read and change single fields of an event as it was sent, and keep everything else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from intake.csv.cells import SEPARATOR
from intake.csv.columns import Columns
from intake.event_kinds import KINDS
from intake.events.rejected_events import is_truncated
from intake.events.rejections import storable

Payload = dict[str, Any]
Path = tuple[str, ...]
# neither fields of the form nor unknown ones
FIXED = {"kind", "correction"}
ABSENT = object()


def read(text: str) -> Payload | None:
    """Return the event; None if it is no JSON object, or of a kind without a form."""
    if is_truncated(text):
        return None
    try:
        payload = json.loads(text)
    except ValueError:
        return None
    is_known = isinstance(payload, dict) and str(payload.get("kind")) in KINDS
    return payload if is_known and isinstance(payload.get("data") or {}, dict) else None


def columns_of(payload: Payload) -> Columns:
    return Columns(KINDS[payload["kind"]])


def digest_of(text: str) -> str:
    """Identify a text, to see whether somebody has changed it meanwhile."""
    return hashlib.sha256(text.encode()).hexdigest()


def value_at(payload: Payload, path: Path) -> Any:
    """Return the value; ABSENT if there is none."""
    found: Any = payload
    for name in path:
        if not isinstance(found, Mapping) or name not in found:
            return ABSENT
        found = found[name]
    return found


def text_at(payload: Payload, path: Path) -> str:
    """Return the value as people write it in a form."""
    value = value_at(payload, path)
    if value is ABSENT or value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        return storable(SEPARATOR.join(value))
    return storable(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def changed(payload: Payload, changes: Mapping[Path, Any]) -> Payload:
    """Return a copy with other values at these paths; ABSENT removes one."""
    copy = deepcopy(payload)
    for path, value in changes.items():
        _put(copy, path, value)
    return copy


def _put(payload: Payload, path: Path, value: Any) -> None:
    *parents, last = path
    place: Any = payload
    for name in parents:
        if not isinstance(place.get(name), dict):
            if value is ABSENT:
                return
            place[name] = {}
        place = place[name]
    if value is ABSENT:
        place.pop(last, None)
    else:
        place[last] = value


def unknown_paths(payload: Payload) -> list[Path]:
    """Return the fields that the kind does not have."""
    known = {column.path for column in columns_of(payload).all.values()}
    return [path for path in _leaves(payload, (), known) if path not in known]


def _leaves(payload: Mapping[str, Any], before: Path, known: set[Path]) -> Iterator[Path]:
    for name, value in payload.items():
        path = (*before, name)
        if path[0] in FIXED or (path == ("data",) and not isinstance(value, dict)):
            continue
        has_columns = any(one[: len(path)] == path and one != path for one in known)
        if isinstance(value, dict) and (has_columns or path == ("data",)):
            yield from _leaves(value, path, known)
        else:
            yield path
