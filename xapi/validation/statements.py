"""Statements of versions 1.0.3 and 2.0.0."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from xapi.validation import actors, shapes, values
from xapi.validation.activities import activity, activity_of_types, verb
from xapi.validation.wrong import Wrong

VOIDED = "http://adlnet.gov/expapi/verbs/voided"
# as Open edX's problems of several questions have it
GROUP_ACTIVITY = "GroupActivity"

reference = shapes.fields(
    {"objectType": shapes.one_of("StatementRef"), "id": values.uuid},
    required=("objectType", "id"),
)


def _scaled(value: Any) -> None:
    values.number(value)
    if not -1 <= value <= 1:
        raise Wrong("must be from -1 to 1.")


_score_fields = shapes.fields(
    {"scaled": _scaled, "raw": values.number, "min": values.number, "max": values.number}
)


def score(value: Any) -> None:
    _score_fields(value)
    low, high, raw = value.get("min"), value.get("max"), value.get("raw")
    if low is not None and high is not None and low >= high:
        raise Wrong("must be less than max.").inside("min")
    if raw is not None and low is not None and raw < low:
        raise Wrong("must not be less than min.").inside("raw")
    if raw is not None and high is not None and raw > high:
        raise Wrong("must not be more than max.").inside("raw")


result = shapes.fields(
    {
        "score": score,
        "success": values.boolean,
        "completion": values.boolean,
        "response": values.text,
        "duration": values.duration,
        "extensions": shapes.extensions,
    }
)

_attachment_fields = shapes.fields(
    {
        "usageType": values.iri,
        "display": shapes.language_map,
        "description": shapes.language_map,
        "contentType": values.media_type,
        "length": values.size,
        "sha2": values.sha2,
        "fileUrl": values.iri,
    },
    required=("usageType", "display", "contentType", "length", "sha2"),
)
attachments = shapes.list_of(_attachment_fields)

_relevant_types = shapes.list_of(values.iri, not_empty=True)
_context_agent = shapes.fields(
    {
        "objectType": shapes.one_of("contextAgent"),
        "agent": actors.agent,
        "relevantTypes": _relevant_types,
    },
    required=("objectType", "agent"),
)
_context_group = shapes.fields(
    {
        "objectType": shapes.one_of("contextGroup"),
        "group": actors.group,
        "relevantTypes": _relevant_types,
    },
    required=("objectType", "group"),
)


def _version_of(pattern: str, example: str) -> shapes.Check:
    known = re.compile(pattern)

    def check(value: Any) -> None:
        if type(value) is not str or not known.fullmatch(value):
            raise Wrong(f"must be {example}.")

    return check


@cache
def statement_check(version: str, *, group_activities: bool = False) -> shapes.Check:
    """Return the check of a statement in a request of this version, "1.0.3" or "2.0.0"."""
    is_second = version.startswith("2")
    moment = values.moment_with_offset if is_second else values.moment
    allowed = activity_of_types(["Activity", GROUP_ACTIVITY]) if group_activities else activity
    some = shapes.one_or_list_of(allowed)
    context_fields: dict[str, shapes.Check] = {
        "registration": values.uuid,
        "instructor": actors.actor,
        "team": actors.group,
        "contextActivities": shapes.fields(
            dict.fromkeys(("parent", "grouping", "category", "other"), some)
        ),
        "revision": values.text,
        "platform": values.text,
        "language": values.language,
        "statement": reference,
        "extensions": shapes.extensions,
    }
    if is_second:
        context_fields["contextAgents"] = shapes.list_of(_context_agent)
        context_fields["contextGroups"] = shapes.list_of(_context_group)
    about: dict[str, shapes.Check] = {
        "actor": actors.actor,
        "verb": verb,
        "result": result,
        "context": shapes.fields(context_fields),
        "timestamp": moment,
        "attachments": attachments,
    }
    targets: dict[str, shapes.Check] = {
        "Activity": allowed,
        "Agent": actors.agent,
        "Group": actors.group,
        "StatementRef": reference,
    }
    if group_activities:
        targets[GROUP_ACTIVITY] = allowed
    needed = ("actor", "verb", "object")
    inner = shapes.fields(
        {"objectType": shapes.one_of("SubStatement"), "object": _object_of(targets), **about},
        required=("objectType", *needed),
    )
    sub_statement = shapes.both(inner, _belongs_together)
    own_version = (
        _version_of(r"[12]\.0(\.\d+)?", "2.0.0")
        if is_second
        else _version_of(r"1\.0(\.\d+)?", "1.0.0")
    )
    outer = shapes.fields(
        {
            "id": values.uuid,
            "object": _object_of({**targets, "SubStatement": sub_statement}),
            "stored": moment,
            "authority": actors.authority,
            "version": own_version,
            **about,
        },
        required=needed,
    )
    return shapes.both(outer, _belongs_together)


def _object_of(targets: dict[str, shapes.Check]) -> shapes.Check:
    def check(value: Any) -> None:
        kind = value.get("objectType", "Activity") if type(value) is dict else "Activity"
        found = targets.get(kind) if type(kind) is str else None
        if found is None:
            raise Wrong(f"must be one of {', '.join(targets)}.").inside("objectType")
        found(value)

    return check


def _belongs_together(value: Any) -> None:
    kind = value["object"].get("objectType", "Activity")
    if value["verb"]["id"] == VOIDED and kind != "StatementRef":
        raise Wrong("must be a StatementRef, since the verb voids a statement.").inside("object")
    if kind not in ("Activity", GROUP_ACTIVITY):
        for name in ("revision", "platform"):
            if name in value.get("context", ()):
                sentence = "may only be given when the object is an activity."
                raise Wrong(sentence).inside(name).inside("context")


def uses_group_activity(statement: dict[str, Any]) -> bool:
    """True when a statement is only allowed by that leniency."""
    context = statement.get("context", {}).get("contextActivities", {})
    found = [statement["object"]]
    for some in context.values():
        found += some if type(some) is list else [some]
    return any(one.get("objectType") == GROUP_ACTIVITY for one in found)
