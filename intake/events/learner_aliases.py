"""The learners behind keys that are aliases."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from core.database.queries import select

ALIASES = """
SELECT alias.key, learner.key FROM intake_learneralias alias
JOIN curriculum_learner learner ON learner.id = alias.learner_id WHERE alias.key IN %s
"""


def resolve(keys: Collection[str]) -> Mapping[str, str]:
    """Return the keys of the learners whom these aliases name; what is no alias is left out."""
    found: dict[str, str] = {}
    asked = set(keys)
    # a learner may have been merged who was the result of a merge
    while asked and (rows := dict(select(ALIASES, asked))):
        found = {key: rows.get(name, name) for key, name in found.items()}
        found |= {key: name for key, name in rows.items() if key in keys and key not in found}
        asked = set(rows.values())
    return found


def involved(keys: Collection[str]) -> Mapping[str, str]:
    """Return the keys of the learners of a merge by these keys: aliases, and those who stayed."""
    found = dict(resolve(keys))
    rest = set(keys) - found.keys()
    return found | {key: key for (key,) in select(MERGED, rest)} if rest else found


def names_of(key: str) -> set[str]:
    """Return a key and all aliases that lead to its learner."""
    names, asked = {key}, {key}
    while asked:
        rows = select(NAMES, asked)
        asked = {alias for (alias,) in rows} - names
        names |= asked
    return names


MERGED = """
SELECT DISTINCT learner.key FROM intake_learneralias alias
JOIN curriculum_learner learner ON learner.id = alias.learner_id WHERE learner.key IN %s
"""
NAMES = """
SELECT alias.key FROM intake_learneralias alias
JOIN curriculum_learner learner ON learner.id = alias.learner_id WHERE learner.key IN %s
"""
