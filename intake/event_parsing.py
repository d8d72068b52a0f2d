"""A request's bytes as raw events: one JSON object, an array of them, or one object a line."""

from __future__ import annotations

import json
import re
from email.message import Message
from typing import Any

from pydantic_core import from_json

NEWLINE_JSON = ("application/x-ndjson", "application/ndjson", "application/jsonl")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# the depth to which pydantic_core reads, and what it calls the forms that are JSON all the same
DEEPEST_BODY = 200
# far deeper than any event may be, and than the reader and the database take
DEEPEST_EVENT = 100
LEGAL_YET_REFUSED = ("hex escape", "surrogate", "number out of range")


class InvalidBody(Exception):  # noqa: N818 - it is an answer to the sender, not an error of ours
    """The whole body cannot be read; the sentence says where."""


class WrongCharset(InvalidBody):
    """The body says that it is not UTF-8."""


class InvalidLine:
    """A line, or part of an array, that cannot be read, standing where its event would."""

    def __init__(self, text: str, reason: str, code: str = "not_json") -> None:
        self.text = text
        self.reason = reason
        self.code = code


def parse_events(body: bytes, content_type: str) -> list[Any]:
    """The events of a body, unchecked; a broken line of newline JSON becomes a BadLine.

    BadBody when nothing can be read. What JSON or Python can say and an event may not (NaN, half
    a surrogate pair, endless numbers) passes here, to be refused event by event.
    """
    kind, charset = _media(content_type)
    if charset not in ("", "utf-8", "utf8", "us-ascii"):
        raise WrongCharset(f"The body is sent as {charset}; send UTF-8.")
    body = body.removeprefix(BYTE_ORDER_MARK)
    if not body.strip():
        raise InvalidBody("The body is empty; send one event or an array of them.")
    if kind in NEWLINE_JSON:
        return _lines(body)
    try:
        found = _json(body)
    except ValueError as error:
        if _begins_with_an_event(body):
            return _lines(body)
        if events := _beside_the_deep(body):
            return events
        raise InvalidBody(f"The body is not JSON: {error}.") from None
    return found if isinstance(found, list) else [found]


def _media(content_type: str) -> tuple[str, str]:
    message = Message()
    message["Content-Type"] = content_type or "application/json"
    return message.get_content_type(), (message.get_content_charset() or "")


def _begins_with_an_event(body: bytes) -> bool:
    """True when the first line is an object by itself, and so the body one event a line."""
    first, _, rest = body.strip().partition(b"\n")
    try:
        return bool(rest) and isinstance(_json(first), dict)
    except ValueError:
        return False


# all that tells how deep JSON is: texts are passed over whole
TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},]', re.DOTALL)
TOO_DEEP = f"It is nested deeper than {DEEPEST_EVENT} levels."


def _beside_the_deep(body: bytes) -> list[Any]:
    """The events of an array of which some are nested too deep to be read; [] of anything else."""
    parts = _parts_of_array(body)
    if all(depth <= DEEPEST_EVENT for _, depth in parts):
        return []
    if any(depth > DEEPEST_EVENT and not part.startswith(b"{") for part, depth in parts):
        return []
    try:
        return [
            _json(part)
            if depth <= DEEPEST_EVENT
            else InvalidLine(part.decode("utf-8", "replace"), TOO_DEEP, "too_deep")
            for part, depth in parts
        ]
    except ValueError:
        return []


def _parts_of_array(body: bytes) -> list[tuple[bytes, int]]:
    """What stands between the commas of an array, each with its depth; [] where it is none."""
    found: list[tuple[bytes, int]] = []
    depth = deepest = start = 0
    body = body.strip()
    if not body.startswith(b"["):
        return []
    for token in TOKEN.finditer(body):
        sign = token[0]
        if sign in (b"[", b"{"):
            depth += 1
            deepest = max(deepest, depth - 1)
            start = token.end() if depth == 1 else start
        elif (sign == b"," and depth == 1) or (sign == b"]" and depth == 1):
            found.append((body[start : token.start()].strip(), deepest))
            start, deepest = token.end(), 0
        if sign in (b"]", b"}"):
            depth -= 1
    return found if depth == 0 and start == len(body) else []


def _lines(body: bytes) -> list[Any]:
    lines = enumerate(body.split(b"\n"), 1)
    return [_line(line, number) for number, line in lines if line.strip()]


def _line(line: bytes, number: int) -> Any:
    try:
        return _json(line)
    except ValueError as error:
        text = line.decode("utf-8", "replace").strip()
        return InvalidLine(text, f"Line {number} is not JSON: {error}.")


def _json(text: bytes) -> Any:
    try:
        return from_json(text)
    except ValueError as error:
        if not any(words in str(error) for words in LEGAL_YET_REFUSED):
            raise
        return _lenient(text, error)


def _lenient(text: bytes, error: ValueError) -> Any:
    """Read what the quick reader refuses, so that one such event spoils no batch."""
    try:
        found = json.loads(text.decode("utf-8"), parse_int=_whole)
    except (ValueError, RecursionError):
        raise error from None
    if _is_deep(found):
        raise error
    return found


def _whole(digits: str) -> float:
    # Python turns no text of over 4,300 digits into an integer
    return int(digits) if len(digits) < 300 else float(digits)


def _is_deep(found: Any) -> bool:
    level = [found]
    for _ in range(DEEPEST_BODY):
        level = [part for whole in level for part in _parts(whole)]
    return bool(level)


def _parts(whole: Any) -> list[Any]:
    if isinstance(whole, dict):
        return list(whole.values())
    return whole if isinstance(whole, list) else []
