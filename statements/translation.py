"""Translate an occurrence into events by the first rule that applies. No database here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from statements.fields import read_field
from statements.occurrence import Occurrence
from statements.rules import MODULE_DONE, Emit, Rule

Event = dict[str, Any]
Index = Mapping[str, Sequence[Rule]]


class Translation(NamedTuple):
    """The events that follow, without their learner; `rule` is None if no rule applies.

    `lacks` are the fields without which an event could not follow, such as the course. `unit` is
    the event that follows once its unit is satisfied, if the statement counts for that.
    """

    rule: Rule | None
    events: Sequence[Event] = ()
    unit: Event | None = None
    lacks: frozenset[str] = frozenset()


UNKNOWN = Translation(None)


def by_verb(rules: Iterable[Rule]) -> Index:
    """Index rules by their verb; the order within a verb stays."""
    index: dict[str, list[Rule]] = {}
    for rule in rules:
        index.setdefault(rule.verb, []).append(rule)
    return index


def translate(one: Occurrence, rules: Index, *, course: str = "", run: str = "") -> Translation:
    """Apply the first rule; `course` and `run` are those of statements that name none."""
    rule = next((rule for rule in rules.get(one.verb, ()) if rule.applies(one)), None)
    if rule is None:
        return UNKNOWN
    events: list[Event] = []
    lacks: set[str] = set()
    for part in rule.emits:
        event, missing = _complete(one, part, course, run)
        lacks |= missing
        if not missing:
            events.append(event | {"id": _id(one, len(events))})
    unit = None
    if rule.counts_as:
        event, missing = _complete(one, MODULE_DONE, course, run)
        lacks |= missing
        unit = None if missing else event | {"id": one.id}
    return Translation(rule, events, unit, frozenset(lacks))


def _complete(one: Occurrence, part: Emit, course: str, run: str) -> tuple[Event, set[str]]:
    """Return an event and the fields that it lacks."""
    event = _event(one, part, course, run)
    return event, {name for name in ("course", *part.needs) if event.get(name) in (None, "")}


def _id(one: Occurrence, at: int) -> str:
    return f"{one.id}#{at + 1}" if at else one.id


def _event(one: Occurrence, part: Emit, course: str, run: str) -> Event:
    key = _text(read_field(part.course, one), 100)
    event = {
        "kind": part.kind,
        "occurred_at": one.at,
        "course": key or course or None,
        "run": _text(read_field(part.run, one), 100) if key else run or None,
        "module": _text(read_field(part.module, one), 100),
        "object": _text(read_field(part.object, one), 200),
        "value": _number(read_field(part.value, one)),
        "data": {
            name: value
            for name, place in part.data.items()
            if (value := _data(place, one)) is not None
        },
    }
    return {name: value for name, value in event.items() if value not in (None, {})}


def _data(place: str, one: Occurrence) -> Any:
    value = read_field(place, one)
    return _number(value) if place.startswith("=") else value


def _text(value: Any, longest: int) -> str | None:
    if value is None or isinstance(value, dict | list):
        return None
    return str(value).strip()[:longest] or None


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return None
    return value if isinstance(value, int | float) else None
