"""Read statements from a body, each with the very text that it was sent as."""

from __future__ import annotations

import json
from dataclasses import dataclass
from json.decoder import WHITESPACE  # type: ignore[attr-defined]
from typing import Any

from xapi.errors import BadRequest

MAX_DEPTH = 100


@dataclass
class Sent:
    """A statement as it was sent, and as it was read."""

    text: str
    statement: Any


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


decoder = json.JSONDecoder(parse_constant=_no_number)


def parse_json(body: bytes, place: str = "") -> Any:
    text = decoded(body, place)
    start = WHITESPACE.match(text, 0).end()
    value, end = _read(text, start, place)
    _end_of_body(text, end, place)
    return value


def parse_statements(body: bytes) -> tuple[list[Sent], bool]:
    """Return the statements of a body, and whether they came as a list."""
    text = decoded(body)
    at = WHITESPACE.match(text, 0).end()
    if text[at : at + 1] != "[":
        value, end = _read(text, at)
        _end_of_body(text, end)
        return [Sent(text[at:end], value)], False
    found: list[Sent] = []
    at = WHITESPACE.match(text, at + 1).end()
    while text[at : at + 1] != "]" or found:
        value, end = _read(text, at)
        found.append(Sent(text[at:end], value))
        at = WHITESPACE.match(text, end).end()
        sign = text[at : at + 1]
        if sign == "]":
            break
        if sign != ",":
            raise _no_json(f"a comma or ] is missing at character {at + 1}")
        at = WHITESPACE.match(text, at + 1).end()
    _end_of_body(text, at + 1)
    return found, True


def decoded(body: bytes, place: str = "") -> str:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _no_json(f"byte {error.start + 1} is not UTF-8", place) from None
    return text.removeprefix("\ufeff")


def _read(text: str, start: int, place: str = "") -> tuple[Any, int]:
    try:
        return decoder.raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise _no_json(f"{error.msg} at character {error.pos + 1}", place) from None
    except (ValueError, RecursionError) as error:
        words = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        raise _no_json(words, place) from None


def _end_of_body(text: str, end: int, place: str = "") -> None:
    end = WHITESPACE.match(text, end).end()
    if end != len(text):
        raise _no_json(f"something follows at character {end + 1}", place)


def _no_json(words: str, place: str = "") -> BadRequest:
    return BadRequest(f"{place or 'The body'} is not valid JSON: {words}.", field=place)
