"""The places in an example from which staff may choose where a field comes from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext

Choices = list[tuple[str, str]]
MOST, LONGEST = 150, 500
SHOWN = 60


def text_places(example: Any) -> Choices:
    """Return the places of texts and whole numbers, with their value in the example."""
    return [
        (pointer, f"{pointer} — {str(value)[:SHOWN]}")
        for pointer, value in _leaves(example)
        if isinstance(value, str | int) and not isinstance(value, bool) and len(pointer) <= LONGEST
    ][:MOST]


def number_places(example: Any) -> Choices:
    """Return the places of numbers and truth values, with their value in the example."""
    return [
        (pointer, f"{pointer} — {value}")
        for pointer, value in _leaves(example)
        if isinstance(value, int | float) and len(pointer) <= LONGEST
    ][:MOST]


def _leaves(value: Any, pointer: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _leaves(one, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for at, one in enumerate(value):
            yield from _leaves(one, f"{pointer}/{at}")
    elif value is not None:
        yield pointer, value


def course_choices() -> Choices:
    return [("", gettext("The course around it"))]


def run_choices() -> Choices:
    return [("", gettext("As the course says, if it does"))]


def module_choices() -> Choices:
    return [
        ("", gettext("None, or the module that contains the object")),
        ("module", gettext("The section or module around it")),
        ("object-as-module", gettext("The activity itself")),
    ]


def object_choices() -> Choices:
    return [
        ("object", gettext("The activity itself")),
        ("parent", gettext("What the activity is part of")),
        ("", gettext("None")),
    ]


def value_choices() -> Choices:
    return [
        ("", gettext("None")),
        ("points", gettext("The score, or pass and fail without one")),
        ("progress", gettext("The progress, from 0 to 1")),
        ("position", gettext("The position in a video, in seconds")),
    ]
