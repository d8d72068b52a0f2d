"""Read a Caliper event as an occurrence. No database here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.dateparse import parse_duration

from statements.occurrence import Activity, Identifier, Occurrence, number_in, points

Entity = Mapping[str, Any]
# so deep a part of a part is no longer followed
DEEPEST = 5
LEARNER = "Learner"


def read_event(event: Entity) -> Occurrence:
    """Read a valid event; an entity may stand as a whole or by its id."""
    done = entity(event.get("object"))
    assignable = _said(done, "assignable")
    score = _score(event)
    given = points(score.get("scoreGiven"), None, 0, score.get("maxScore"))
    length = seconds(done.get("duration")) if event.get("type") == "MediaEvent" else None
    position = seconds(entity(event.get("target")).get("currentTime"))
    if event.get("action") == "Ended" and position is None:
        position = length
    return Occurrence(
        id=str(event.get("id", "")),
        verb=f"{event.get('type')}/{event.get('action')}",
        profile=str(event.get("profile") or ""),
        at=str(event.get("eventTime", "")),
        learner=_learner(event, done),
        object=_activity(done),
        around=[*_parts(assignable), *_places(done), *_places(event)],
        raw=event,
        score=given,
        has_unusable_score=bool(score) and given is None,
        position=position,
        length=length,
        number=_count(done, score),
    )


def entity(value: Any) -> Entity:
    """Return an entity that is described in place, or named by its id."""
    if isinstance(value, str):
        return {"id": value}
    return value if isinstance(value, dict) else {}


def seconds(value: Any) -> float | None:
    """Return a duration such as PT5M21S, or a number, in seconds."""
    number = number_in(value)
    if number is None and isinstance(value, str):
        span = parse_duration(value)
        number = span.total_seconds() if span is not None else None
    return None if number is None or number < 0 else number


def _said(one: Entity, name: str) -> Entity:
    """Return a property, which Open edX sends among the extensions."""
    return entity(one.get(name)) or entity(entity(one.get("extensions")).get(name))


def _learner(event: Entity, done: Entity) -> Identifier | None:
    """Return whom it is about: the assignee of a grade, else the actor, if that is a learner."""
    roles = entity(event.get("membership")).get("roles")
    assignee = _said(done, "assignee")
    if assignee.get("id"):
        return _named(str(assignee["id"]))
    actor = entity(event.get("actor"))
    is_other = isinstance(roles, list) and bool(roles) and LEARNER not in roles
    if is_other or actor.get("type", "Person") != "Person" or not actor.get("id"):
        return None
    return _named(str(actor["id"]))


def _named(iri: str) -> Identifier:
    """Return the identifier of a person; an address is that of xAPI statements, too."""
    if iri.lower().startswith("mailto:"):
        return Identifier("mbox", iri.lower())
    return Identifier("caliper", iri)


def _score(event: Entity) -> Entity:
    if event.get("type") != "GradeEvent":
        return {}
    generated = entity(event.get("generated"))
    nested = generated.get("score")
    return nested if isinstance(nested, dict) else generated


def _count(done: Entity, score: Entity) -> int | None:
    counts = (done.get("count"), entity(done.get("extensions")).get("count"), score.get("attempts"))
    for value in counts:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    return None


def _places(one: Entity) -> Iterator[Activity]:
    """Yield what something is part of: its collection, the group, and what those are part of."""
    for name in ("isPartOf", "group"):
        yield from _parts(_said(one, name))


def _parts(one: Entity) -> Iterator[Activity]:
    for _ in range(DEEPEST):
        if not one.get("id"):
            return
        yield _activity(one)
        one = _said(one, "isPartOf") or entity(one.get("subOrganizationOf"))


def _activity(one: Entity) -> Activity:
    extensions = one.get("extensions")
    return Activity(
        str(one.get("id", "")),
        str(one.get("type", "")),
        extensions if isinstance(extensions, dict) else {},
    )
