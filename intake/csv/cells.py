"""A cell's text as the value that a JSON schema asks for, and that schema in a person's words."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Schema = Mapping[str, Any]
# the value of a text; the text itself where it is none, so that the door refuses it
Reader = Callable[[str], Any]

# spreadsheets write 5 as 5.0 where other cells of the column are empty
WHOLE = re.compile(r"([+-]?\d{1,300})(?:\.0+)?")
DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
SEPARATOR = ";"


def resolved(schema: Schema, definitions: Mapping[str, Schema]) -> Schema:
    """The schema with its references replaced, and without the choice of being null."""
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
    """How cells of a column with this schema are read."""
    readers = [reader for arm in union_members(schema) if (reader := _reader(arm))]
    # where text will do, no number is made of it: 250.00 would lose its places
    if not readers or len(readers) < len(union_members(schema)):
        return as_text
    return lambda text: next((value for read in readers if (value := read(text)) != text), text)


def union_members(schema: Schema) -> list[Schema]:
    return list(schema.get("anyOf") or [schema])


def as_text(text: str) -> Any:
    return text


def _reader(arm: Schema) -> Reader | None:
    """None for text, and for what may be anything."""
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


def _truth(text: str) -> Any:
    return TRUTHS.get(text.casefold(), text)


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
    "boolean": _truth,
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
            return _several(text, "-", pair)
        parts = [part.strip() for part in text.split(SEPARATOR)]
        return [items(part) for part in parts if part]

    return read


def _several(text: str, between: str, readers: list[Reader]) -> Any:
    parts = [part.strip() for part in text.split(between)]
    if len(parts) != len(readers):
        return text
    return [read(part) for read, part in zip(readers, parts, strict=True)]


def form_of(schema: Schema) -> str:
    """What a cell must look like, in a person's words, such as "a whole number from 1 to 5"."""
    return " or ".join(dict.fromkeys(_form(arm) for arm in union_members(schema)))


def _form(arm: Schema) -> str:
    if "enum" in arm or "const" in arm:
        return f"one of {', '.join(map(str, choices_of(arm)))}"
    kind = arm.get("type", "")
    if kind == "array":
        return _form_of_array(arm)
    if kind == "string":
        return _form_of_text(arm)
    return FORMS.get(kind, "text") + _bounds(arm)


def _form_of_array(arm: Schema) -> str:
    if pair := arm.get("prefixItems"):
        return "-".join("number" for _ in pair)
    item = arm.get("items", {})
    if item.get("type") == "object":
        return "JSON such as [{…}, {…}]"
    return f"{form_of(item)}; several with “;” between, none as []"


def _form_of_text(arm: Schema) -> str:
    if form := FORMATS.get(arm.get("format", "")):
        return form
    if examples := arm.get("examples"):
        return f"text such as {examples[0]}"
    most = arm.get("maxLength")
    return f"text of at most {most} characters" if most else "text"


FORMS = {
    "boolean": "yes or no",
    "integer": "a whole number",
    "number": "a number with a point, such as 0.85",
    "object": "JSON such as {…}",
}
FORMATS = {
    "date": "a day such as 2026-03-31",
    "date-time": "a moment with its offset, such as 2026-03-31T09:30:00Z",
}


def _bounds(arm: Schema) -> str:
    least, above = arm.get("minimum"), arm.get("exclusiveMinimum")
    most, below = arm.get("maximum"), arm.get("exclusiveMaximum")
    parts = [
        f" above {number(above)}"
        if above is not None
        else f" from {number(least)}"
        if least is not None
        else "",
        f" below {number(below)}"
        if below is not None
        else f" to {number(most)}"
        if most is not None
        else "",
    ]
    return "".join(parts)


def number(value: float) -> str:
    """A number as people write it: never 1e+06."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def example_of(name: str, schema: Schema) -> str:
    """A cell that the schema allows, as it stands in a file; the field's own example if any."""
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
    return number(least or min(1, arm.get("maximum", 1)))
