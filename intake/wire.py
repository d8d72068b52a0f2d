"""A request's bytes as raw events: one JSON object, an array of them, or one object a line."""

from __future__ import annotations

from typing import Any

from pydantic_core import from_json

NEWLINE_JSON = ("application/x-ndjson", "application/ndjson", "application/jsonl")


class BadBody(Exception):  # noqa: N818 - it is an answer to the sender, not an error of ours
    """The whole body cannot be read; the sentence says where."""


class BadLine:
    """A line that is no JSON, standing where its event would."""

    def __init__(self, text: str, reason: str) -> None:
        self.text = text
        self.reason = reason


def raw_events(body: bytes, content_type: str) -> list[Any]:
    """The events of a body, unchecked; a broken line of newline JSON becomes a BadLine.

    BadBody when nothing can be read. NaN and Infinity pass here, to be refused event by event.
    """
    if not body.strip():
        raise BadBody("The body is empty; send one event or an array of them.")
    if content_type.partition(";")[0].strip().lower() in NEWLINE_JSON or _is_lines(body):
        lines = body.splitlines()
        return [_line(line, number) for number, line in enumerate(lines, 1) if line.strip()]
    try:
        found = from_json(body)
    except ValueError as error:
        raise BadBody(f"The body is not JSON: {error}.") from None
    return found if isinstance(found, list) else [found]


def _is_lines(body: bytes) -> bool:
    """True when the first line is an object by itself and more lines follow."""
    first, _, rest = body.strip().partition(b"\n")
    first = first.strip()
    return bool(rest) and first.startswith(b"{") and first.endswith(b"}")


def _line(line: bytes, number: int) -> Any:
    try:
        return from_json(line)
    except ValueError as error:
        text = line.decode("utf-8", "replace")
        return BadLine(text, f"Line {number} is not JSON: {error}.")
