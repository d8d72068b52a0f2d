"""Find the rows of agents, activities and verbs, create those that are new, note what is said."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from core.database import bulk_upsert
from core.database.queries import select
from xapi.models import Activity, Agent, Verb
from xapi.models.identities import Identity
from xapi.statements.mentions import merged
from xapi.validation.values import NOT_STORABLE

M = TypeVar("M", bound=Identity)
# as many names of one agent are kept
MAX_NAMES = 20
# (what is stored, what a statement says) to what should be stored
Merge = Callable[[Any, Any], Any]


def find_agents(keys: Iterable[str], names: Mapping[str, str]) -> dict[str, int]:
    return _find(Agent, "names", keys, names, _with_name)


def find_activities(
    keys: Iterable[str], definitions: Mapping[str, dict[str, Any]]
) -> dict[str, int]:
    return _find(Activity, "definition", keys, definitions, merged)


def find_verbs(displays: Mapping[str, dict[str, str]]) -> dict[str, int]:
    return _find(Verb, "display", displays, displays, lambda old, new: {**old, **new})


def said_of(model: type[Activity | Verb], keys: Iterable[str]) -> dict[str, Any]:
    """Return the definitions of activities or the displays of verbs, by their keys."""
    column = "definition" if model is Activity else "display"
    return {key: value for key, (_, value) in _known(model, column, list(keys)).items()}


def _with_name(names: list[str], name: str) -> list[str]:
    return names if name in names or len(names) >= MAX_NAMES else [*names, name]


def _find(
    model: type[M], column: str, keys: Iterable[str], said: Mapping[str, Any], merge: Merge
) -> dict[str, int]:
    """Return the ids of rows by their keys, in as many statements however many keys there are."""
    keys = sorted(set(keys))
    if not keys:
        return {}
    said = {key: value for key, value in said.items() if _is_storable(value)}
    known = _known(model, column, keys)
    empty = dict if column != "names" else list
    if missing := [key for key in keys if key not in known]:
        rows = [(key, merge(empty(), said[key]) if key in said else empty()) for key in missing]
        bulk_upsert.upsert(model, ("key", column), rows, conflict="key")
        # also those that another batch has created meanwhile
        known |= _known(model, column, missing)
    changed = []
    for key, value in said.items():
        pk, old = known[key]
        if (new := merge(old, value)) != old:
            changed.append((pk, new))
    # sorted, so that two batches cannot deadlock
    bulk_upsert.update(model, (column,), sorted(changed, key=lambda row: row[0]))
    return {key: pk for key, (pk, _) in known.items()}


def _known(model: type[M], column: str, keys: list[str]) -> dict[str, tuple[int, Any]]:
    # safe: names of our own models
    statement = f"SELECT key, id, {column} FROM {model._meta.db_table} WHERE key IN %s"  # noqa: S608
    return {key: (pk, json.loads(value)) for key, pk, value in select(statement, keys)}


def _is_storable(value: Any) -> bool:
    """Return whether PostgreSQL can store a text or JSON: no null characters, no half pairs."""
    written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return not NOT_STORABLE.search(written) and "\\u0000" not in written
