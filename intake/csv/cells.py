"""Convert the text of a cell to the type in a JSON schema; describe the schema in words."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.utils.translation import gettext, gettext_noop

Schema = Mapping[str, Any]
# converts a text; returns it unchanged if it does not fit, so that intake rejects it
Reader = Callable[[str], Any]

# spreadsheets write 5 as 5.0 where other cells of the column are empty
WHOLE = re.compile(r"([+-]?\d{1,300})(?:\.0+)?")
DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
SEPARATOR = ";"
# a bound of the database says nothing to people
LARGEST = 2**31 - 1


def resolved(schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    """Return the schema with its references resolved and without the option to be null."""
    if name := schema.get("$ref"):
        schema = {**definitions[name.rpartition("/")[2]], **schema, "$ref": ""}
    arms = [arm for arm in schema.get("anyOf", ()) if arm.get("type") != "null"]
    if len(arms) == 1:
        schema = {**schema, **resolved(arms[0], definitions), "anyOf": ()}
    elif arms:
        schema = {**schema, "anyOf": [resolved(arm, definitions) for arm in arms]}
    if "items" in schema:
        schema = {**schema, "items": resolved(schema["items"], definitions)}
    return schema


def reader_of(schema: Schema) -> Reader:
    """Return the function that converts the cells of a column with this schema."""
    readers = [reader for arm in union_members(schema) if (reader := _reader(arm))]
    # where text is allowed, nothing is converted: 250.00 would lose its decimal places
    if not readers or len(readers) < len(union_members(schema)):
        return as_text
    return lambda text: next((value for read in readers if (value := read(text)) != text), text)


def union_members(schema: Schema) -> list[Schema]:
    return list(schema.get("anyOf") or [schema])


def as_text(text: str) -> Any:
    return text


def _reader(arm: Schema) -> Reader | None:
    """Return None for text, and for schemas that allow anything."""
    if "enum" in arm or "const" in arm:
        return _choice(choices_of(arm))
    if arm.get("type") == "array":
        return _array(arm)
    return READERS.get(arm.get("type", ""))


def choices_of(arm: Schema) -> list[Any]:
    return list(arm.get("enum") or [arm["const"]])


def _choice(choices: Iterable[Any]) -> Reader:
    by_text = {str(one).casefold(): one for one in choices}
    return lambda text: by_text.get(text.casefold(), text)


def _boolean(text: str) -> Any:
    return BOOLEANS.get(text.casefold(), text)


def _whole(text: str) -> Any:
    found = WHOLE.fullmatch(text)
    return int(found[1]) if found else text


def _number(text: str) -> Any:
    if not DECIMAL.fullmatch(text):
        return text
    number = float(text)
    return number if math.isfinite(number) else text


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


READERS: dict[str, Reader] = {
    "boolean": _boolean,
    "integer": _whole,
    "number": _number,
    "object": _json,
}


def _array(arm: Schema) -> Reader:
    items = reader_of(arm.get("items", {}))
    pair = [reader_of(one) for one in arm.get("prefixItems", ())]

    def read(text: str) -> Any:
        if text.startswith("["):
            return _json(text)
        if pair:
            return _pair(text, pair)
        parts = [part.strip() for part in text.split(SEPARATOR)]
        return [items(part) for part in parts if part]

    return read


def _pair(text: str, readers: list[Reader]) -> Any:
    parts = [part.strip() for part in text.split("-")]
    if len(parts) != len(readers):
        return text
    return [read(part) for read, part in zip(readers, parts, strict=True)]


def form_of(schema: Schema) -> str:
    """Describe what a cell may contain, such as "a whole number from 1 to 5"."""
    first, *others = dict.fromkeys(_form(arm) for arm in union_members(schema))
    for other in others:
        first = gettext("%(one)s or %(other)s") % {"one": first, "other": other}
    return first


def is_free_text(schema: Schema) -> bool:
    """True when a cell may contain any text, perhaps up to a length."""
    arm = union_members(schema)[0]
    return reader_of(schema) is as_text and arm.get("format", "") not in FORMATS


def _form(arm: Schema) -> str:
    if "enum" in arm or "const" in arm:
        return gettext("one of %(choices)s") % {"choices": ", ".join(map(str, choices_of(arm)))}
    kind = arm.get("type", "")
    if kind == "array":
        return _form_of_array(arm)
    if kind == "string":
        return _form_of_text(arm)
    return _bounded(arm, gettext(FORMS.get(kind, TEXT)))


def _form_of_array(arm: Schema) -> str:
    if arm.get("prefixItems"):
        return gettext("two numbers joined by a hyphen, such as 0-95.5")
    item = arm.get("items", {})
    if item.get("type") == "object":
        return gettext("JSON such as [{…}, {…}]")
    return gettext("%(item)s; separate several with “;”, write [] for none") % {
        "item": form_of(item)
    }


def _form_of_text(arm: Schema) -> str:
    if form := FORMATS.get(arm.get("format", "")):
        return gettext(form)
    if examples := arm.get("examples"):
        return gettext("text such as %(example)s") % {"example": examples[0]}
    if limit := arm.get("maxLength"):
        return gettext("text of at most %(limit)s characters") % {"limit": limit}
    return gettext(TEXT)


TEXT = gettext_noop("text")
FORMS = {
    "boolean": gettext_noop("yes or no"),
    "integer": gettext_noop("a whole number"),
    "number": gettext_noop("a number with a decimal point, such as 0.85"),
    "object": gettext_noop("JSON such as {…}"),
}
FORMATS = {
    "date": gettext_noop("a date such as 2026-03-31"),
    "date-time": gettext_noop("a date and time with its UTC offset, such as 2026-03-31T09:30:00Z"),
}
# by the names of the bounds in JSON schema, the lower before the upper
BOUNDED = {
    ("minimum", "maximum"): gettext_noop("%(form)s from %(minimum)s to %(maximum)s"),
    ("minimum", "exclusiveMaximum"): gettext_noop(
        "%(form)s from %(minimum)s to below %(exclusiveMaximum)s"
    ),
    ("exclusiveMinimum", "maximum"): gettext_noop(
        "%(form)s above %(exclusiveMinimum)s, at most %(maximum)s"
    ),
    ("exclusiveMinimum", "exclusiveMaximum"): gettext_noop(
        "%(form)s above %(exclusiveMinimum)s and below %(exclusiveMaximum)s"
    ),
    ("minimum",): gettext_noop("%(form)s of at least %(minimum)s"),
    ("exclusiveMinimum",): gettext_noop("%(form)s above %(exclusiveMinimum)s"),
    ("maximum",): gettext_noop("%(form)s of at most %(maximum)s"),
    ("exclusiveMaximum",): gettext_noop("%(form)s below %(exclusiveMaximum)s"),
}


def _bounded(arm: Schema, form: str) -> str:
    names = ("exclusiveMinimum", "minimum", "exclusiveMaximum", "maximum")
    bounds = {name: arm[name] for name in names if arm.get(name) is not None}
    bounds = {name: bound for name, bound in bounds.items() if abs(bound) < LARGEST}
    message = BOUNDED.get(tuple(bounds))
    values = {name: format_number(bound) for name, bound in bounds.items()}
    return gettext(message) % {"form": form, **values} if message else form


def format_number(value: float) -> str:
    """Return a number as people write it: never 1e+06."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def example_of(name: str, schema: Schema) -> str:
    """Return a valid cell as it is written in a file; the field's own example if it has one."""
    arm = union_members(schema)[0]
    for one in (*schema.get("examples", ()), *arm.get("examples", ())):
        return _written(one)
    if "enum" in arm or "const" in arm:
        return str(choices_of(arm)[0])
    if arm.get("type") == "array":
        return _example_of_array(name, arm)
    if arm.get("type") == "string":
        return EXAMPLES.get(arm.get("format", ""), name)
    return _example_of_number(arm) if arm.get("type") in ("integer", "number") else "yes"


EXAMPLES = {"date": "2026-03-31", "date-time": "2026-03-31T09:30:00Z"}


def _written(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return SEPARATOR.join(value) or "[]"
    return value if isinstance(value, str) else json.dumps(value)


def _example_of_array(name: str, arm: Schema) -> str:
    if arm.get("prefixItems"):
        return "0-95.5"
    item = arm.get("items", {})
    if item.get("type") == "object":
        return json.dumps([_example_of_object(item)])
    return example_of(name, item)


def _example_of_object(schema: Schema) -> dict[str, Any]:
    fields = schema["properties"]
    needed = [name for name in fields if name in schema.get("required", ())]
    return {name: reader_of(fields[name])(example_of(name, fields[name])) for name in needed}


def _example_of_number(arm: Schema) -> str:
    least = arm.get("minimum", arm.get("exclusiveMinimum", 0) + 1)
    return format_number(least or min(1, arm.get("maximum", 1)))
