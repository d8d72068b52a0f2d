"""Whom and what a statement mentions, and in which place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from xapi.statements.agents import identifier_of
from xapi.validation.activities import LISTS

Thing = dict[str, Any]
INTERACTION = {"interactionType", "correctResponsesPattern", *LISTS}


@dataclass
class Said:
    """What statements say of agents, activities and verbs, the last of each."""

    names: dict[str, str] = field(default_factory=dict)
    definitions: dict[str, Thing] = field(default_factory=dict)
    displays: dict[str, Thing] = field(default_factory=dict)

    def define(self, key: str, definition: Thing) -> None:
        before = self.definitions.get(key)
        if before is None:
            self.definitions[key] = definition
        elif before is not definition and before != definition:
            self.definitions[key] = merged(before, definition)

    def add_verb(self, verb: Thing) -> None:
        display = verb.get("display")
        if display or verb["id"] not in self.displays:
            self.displays[verb["id"]] = display or {}


class Mentions:
    """Identifiers of agents and activities, to whether they are the actor or the object."""

    __slots__ = ("activities", "agents", "said")

    def __init__(self, said: Said) -> None:
        self.agents: dict[str, bool] = {}
        self.activities: dict[str, bool] = {}
        self.said = said

    def add_actor(self, actor: Thing, *, is_direct: bool) -> None:
        """Add an agent, or a group with its members."""
        if key := identifier_of(actor):
            self.agents[key] = is_direct or self.agents.get(key, False)
            if name := actor.get("name"):
                self.said.names[key] = name
        for member in actor.get("member", ()):
            self.add_actor(member, is_direct=is_direct)

    def add_activity(self, activity: Thing, *, is_direct: bool) -> None:
        key = activity["id"]
        self.activities[key] = is_direct or self.activities.get(key, False)
        if definition := activity.get("definition"):
            self.said.define(key, definition)


def merged(old: Thing, new: Thing) -> Thing:
    """Return a definition with the latest of each property, and of each language.

    What belongs to an interaction is replaced as a whole.
    """
    if "interactionType" in new:
        old = {name: value for name, value in old.items() if name not in INTERACTION}
    found = {**old, **new}
    for name in ("name", "description"):
        if name in old and name in new:
            found[name] = {**old[name], **new[name]}
    return found


def mentions_of(statement: Thing, said: Said) -> Mentions:
    """Return what a valid statement mentions, and add what it says of that."""
    found = Mentions(said)
    _add(found, statement, is_direct=True)
    return found


def _add(found: Mentions, statement: Thing, *, is_direct: bool) -> None:
    found.add_actor(statement["actor"], is_direct=is_direct)
    found.said.add_verb(statement["verb"])
    target = statement["object"]
    kind = target.get("objectType")
    if kind in ("Agent", "Group"):
        found.add_actor(target, is_direct=is_direct)
    elif kind == "SubStatement":
        _add(found, target, is_direct=False)
    elif kind != "StatementRef":
        found.add_activity(target, is_direct=is_direct)
    if context := statement.get("context"):
        _add_context(found, context)


def _add_context(found: Mentions, context: Thing) -> None:
    for actor in _actors_of(context):
        found.add_actor(actor, is_direct=False)
    for some in context.get("contextActivities", {}).values():
        for activity in some if type(some) is list else (some,):
            found.add_activity(activity, is_direct=False)


def _actors_of(context: Thing) -> Iterator[Thing]:
    yield from (context[name] for name in ("instructor", "team") if name in context)
    yield from (one["agent"] for one in context.get("contextAgents", ()))
    yield from (one["group"] for one in context.get("contextGroups", ()))
