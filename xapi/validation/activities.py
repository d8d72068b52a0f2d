"""Activities with their definitions, and verbs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from xapi.validation import shapes, values
from xapi.validation.wrong import Wrong

# the lists of components that each type of interaction may have
COMPONENTS = {
    "true-false": (),
    "choice": ("choices",),
    "fill-in": (),
    "long-fill-in": (),
    "matching": ("source", "target"),
    "performance": ("steps",),
    "sequencing": ("choices",),
    "likert": ("scale",),
    "numeric": (),
    "other": (),
}
LISTS = ("choices", "scale", "source", "target", "steps")

_component = shapes.fields(
    {"id": values.text, "description": shapes.language_map}, required=("id",)
)


def _components(value: Any) -> None:
    shapes.list_of(_component)(value)
    known: set[str] = set()
    for index, one in enumerate(value):
        if one["id"] in known:
            raise Wrong("is the id of an earlier component, too.").inside("id").inside(index)
        known.add(one["id"])


_definition_fields = shapes.fields(
    {
        "name": shapes.language_map,
        "description": shapes.language_map,
        "type": values.iri,
        "moreInfo": values.iri,
        "interactionType": shapes.one_of(*COMPONENTS),
        "correctResponsesPattern": shapes.list_of(values.text),
        **dict.fromkeys(LISTS, _components),
        "extensions": shapes.extensions,
    }
)


def definition(value: Any) -> None:
    _definition_fields(value)
    given = [name for name in LISTS if name in value]
    kind = value.get("interactionType")
    if kind is None and (given or "correctResponsesPattern" in value):
        name = (*given, "correctResponsesPattern")[0]
        raise Wrong(f'needs the property "interactionType", since it has "{name}".')
    for name in given:
        if name not in COMPONENTS[kind]:
            raise Wrong(f"does not belong to an interaction of the type {kind}.").inside(name)


def activity_of_types(types: Iterable[str]) -> shapes.Check:
    """Return the check of an activity; one with a type beside "Activity" is a leniency."""
    return shapes.fields(
        {"objectType": shapes.one_of(*types), "id": values.iri, "definition": definition},
        required=("id",),
    )


activity = activity_of_types(["Activity"])
verb = shapes.fields({"id": values.iri, "display": shapes.language_map}, required=("id",))
