"""Where a field of an event comes from: by a name, from a place in the statement, or a constant.

`=text` is the text itself, `/result/score/raw` a JSON pointer (RFC 6901), `around:TYPE` the key of
the nearest surrounding activity of a type; everything else is one of NAMED.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from statements.activity_keys import course_and_run, key_of
from statements.occurrence import Occurrence
from statements.vocabulary import COURSE, MODULE, OPEN_EDX_MODE, SECTION

# a section of Moodle contains activities, some of which call themselves modules
MODULE_TYPES = (SECTION, MODULE)
# Open edX's enrollment modes without a certificate
WITHOUT_CERTIFICATE = ("audit", "honor")


def read_field(name: str, one: Occurrence) -> Any:
    """Return the value; None if the statement does not have it."""
    if name.startswith("="):
        return name[1:] or None
    if name.startswith("/"):
        return at_pointer(one.raw, name)
    if name.startswith("around:"):
        kind = name.removeprefix("around:")
        return next((key_of(found.id) for found in one.around if found.type == kind), None)
    return NAMED[name](one) if name else None


def at_pointer(document: Any, pointer: str) -> Any:
    """Return what a JSON pointer leads to; None if it leads nowhere."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(document, Mapping):
            document = document.get(name)
        elif isinstance(document, list) and name.isdecimal() and int(name) < len(document):
            document = document[int(name)]
        else:
            return None
    return document


def _module(one: Occurrence) -> str | None:
    for kind in MODULE_TYPES:
        if found := next((near for near in one.activities if near.type == kind), None):
            return key_of(found.id, limit=100)
    return None


def _points(one: Occurrence) -> float | None:
    if one.score:
        return one.score.value
    return None if one.success is None or one.has_unusable_score else float(one.success)


def _track(one: Occurrence) -> str | None:
    mode = one.object.extensions.get(OPEN_EDX_MODE)
    if not isinstance(mode, str) or one.type != COURSE:
        return None
    return "audit" if mode in WITHOUT_CERTIFICATE else "certificate"


NAMED: dict[str, Callable[[Occurrence], Any]] = {
    "course": lambda one: course_and_run(one)[0],
    "run": lambda one: course_and_run(one)[1],
    "object": lambda one: key_of(one.object.id) or None,
    "parent": lambda one: key_of(one.around[0].id) if one.around else None,
    "module": _module,
    "object-as-module": lambda one: key_of(one.object.id, limit=100) or None,
    "points": _points,
    "max-points": lambda one: one.score.max if one.score else 1.0,
    "success": lambda one: None if one.success is None else float(one.success),
    "attempt": lambda one: one.attempt,
    "only-attempt": lambda one: 1,
    "progress": lambda one: one.progress,
    "position": lambda one: one.position,
    "jumped-from": lambda one: one.jumped_from,
    "length": lambda one: one.length if one.length and one.length > 0 else None,
    "segments": lambda one: [list(part) for part in one.segments] or None,
    "track": _track,
}
