"""The usual shape of a statement, checked at once by compiled code.

What fits is valid. What does not may still be valid, and is left to the checks that explain what
is wrong (`xapi/validation/statements.py`); so everything here is at least as strict as they are.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic_core import CoreSchema, SchemaValidator, core_schema

from xapi.validation import statements, values
from xapi.validation.actors import IDENTIFIERS
from xapi.validation.wrong import Wrong

# an identifier may have so many characters, even if each takes four bytes
SHORT = values.MAX_IDENTIFIER // 4
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)"
DURATION = r"PT(?:[0-9]+H|(?:[0-9]+H)?[0-9]+M|(?:[0-9]+H)?(?:[0-9]+M)?[0-9]+(?:\.[0-9]+)?S)"


def _text(pattern: str = "", longest: int | None = None) -> CoreSchema:
    whole = f"^(?:{pattern})$" if pattern else None
    return core_schema.str_schema(pattern=whole, max_length=longest, strict=True)


def _fields(*required: str, **known: CoreSchema) -> CoreSchema:
    """Describe an object that has no other properties than these."""
    return core_schema.typed_dict_schema(
        {
            name: core_schema.typed_dict_field(schema, required=name in required)
            for name, schema in known.items()
        },
        extra_behavior="forbid",
        strict=True,
    )


def _map(keys: CoreSchema, inner: CoreSchema) -> CoreSchema:
    return core_schema.dict_schema(keys, inner, strict=True)


def _list(inner: CoreSchema) -> CoreSchema:
    return core_schema.list_schema(inner, strict=True)


TEXT = _text()
IRI = _text(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`\x00-\x20]+", SHORT)
UUID = _text(values.UUID.pattern)
LANGUAGE = _text("[A-Za-z]{2,3}(?:-[A-Za-z]{2})?")
LANGUAGE_MAP = _map(LANGUAGE, TEXT)
EXTENSIONS = _map(IRI, core_schema.any_schema())
NUMBER = core_schema.float_schema(strict=True)
TRUTH = core_schema.bool_schema(strict=True)

AGENT = _fields(
    objectType=core_schema.literal_schema(["Agent"]),
    name=TEXT,
    mbox=_text(r"mailto:[^@\s\x00-\x20]+@[^@\s\x00-\x20]+", SHORT),
    mbox_sha1sum=_text(values.SHA1.pattern),
    openid=IRI,
    account=_fields("homePage", "name", homePage=IRI, name=_text(r"[^\x00]*", SHORT)),
)
VERB = _fields("id", id=IRI, display=LANGUAGE_MAP)
# without those of interactions, in which more belongs together
DEFINITION = _fields(
    name=LANGUAGE_MAP, description=LANGUAGE_MAP, type=IRI, moreInfo=IRI, extensions=EXTENSIONS
)
ACTIVITY = _fields(
    "id", objectType=core_schema.literal_schema(["Activity"]), id=IRI, definition=DEFINITION
)
RESULT = _fields(
    score=_fields(scaled=NUMBER, raw=NUMBER, min=NUMBER, max=NUMBER),
    success=TRUTH,
    completion=TRUTH,
    response=TEXT,
    duration=_text(DURATION),
    extensions=EXTENSIONS,
)
CONTEXT = _fields(
    registration=UUID,
    contextActivities=_fields(
        **dict.fromkeys(("parent", "grouping", "category", "other"), _list(ACTIVITY))
    ),
    instructor=AGENT,
    revision=TEXT,
    platform=TEXT,
    language=LANGUAGE,
    extensions=EXTENSIONS,
)


@cache
def _validator(version: str) -> SchemaValidator:
    own_version = r"[12]\.0(?:\.[0-9]+)?" if version.startswith("2") else r"1\.0(?:\.[0-9]+)?"
    return SchemaValidator(
        _fields(
            *("actor", "verb", "object"),
            id=UUID,
            actor=AGENT,
            verb=VERB,
            object=ACTIVITY,
            result=RESULT,
            context=CONTEXT,
            timestamp=_text(MOMENT),
            version=_text(own_version),
        )
    )


def is_usual(statement: Any, version: str) -> bool:
    """Return whether a statement is valid because it is what most senders send."""
    return _validator(version).isinstance_python(statement) and _belongs_together(statement)


def _belongs_together(statement: dict[str, Any]) -> bool:
    """Check what a schema does not say, of a statement that fits it."""
    if statement["verb"]["id"] == statements.VOIDED:
        return False
    if not _is_one(statement["actor"]) or not _is_one(
        statement.get("context", {}).get("instructor", statement["actor"])
    ):
        return False
    try:
        if "timestamp" in statement:
            values.parsed(statement["timestamp"])
        if score := statement.get("result", {}).get("score"):
            statements.score(score)
    except Wrong:
        return False
    return True


def _is_one(agent: dict[str, Any]) -> bool:
    return sum(name in agent for name in IDENTIFIERS) == 1
