"""Read the body of a request and parse it into raw events."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from email.message import Message
from typing import Any, cast

from django.conf import settings
from pydantic_core import from_json
from rest_framework import status
from rest_framework.exceptions import APIException

from intake.events.envelope import UnreadableEvent

NEWLINE_JSON = ("application/x-ndjson", "application/ndjson", "application/jsonl")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# the nesting depth that pydantic_core reads
MAX_BODY_DEPTH = 200
# far deeper than an event may be, and than pydantic_core and the database accept
MAX_EVENT_DEPTH = 100
# errors of pydantic_core about text that is valid JSON all the same
REJECTED_VALID_JSON = ("hex escape", "surrogate", "number out of range")


class InvalidBody(APIException):
    status_code = status.HTTP_400_BAD_REQUEST
    default_code = "bad_body"


class LengthRequired(APIException):
    status_code = status.HTTP_411_LENGTH_REQUIRED
    default_code = "length_required"
    default_detail = "This server does not accept chunked bodies; send a Content-Length."


class TooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


class Unsupported(APIException):
    status_code = status.HTTP_415_UNSUPPORTED_MEDIA_TYPE
    default_code = "unsupported"


def read_request_body(environ: Mapping[str, Any]) -> bytes:
    """Read the body from the WSGI environment, but never more than KPI_MAX_BODY_MB.

    Django treats a request without Content-Length as empty, so chunked bodies are read here.
    Raises TooLarge, LengthRequired or Unsupported.
    """
    encoding = environ.get("HTTP_CONTENT_ENCODING", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise Unsupported(f"The body is compressed with {encoding}; send it uncompressed.")
    limit = settings.KPI_MAX_BODY_MB * 1024 * 1024
    length = _content_length(environ)
    wanted = limit + 1 if length is None else min(length, limit + 1)
    body = cast("bytes", environ["wsgi.input"].read(wanted)) if wanted else b""
    if len(body) > limit:
        raise TooLarge(f"The body is larger than {settings.KPI_MAX_BODY_MB} MB; split it.")
    return body


def _content_length(environ: Mapping[str, Any]) -> int | None:
    """Return the declared length in bytes; None for a chunked body."""
    declared = environ.get("CONTENT_LENGTH") or ""
    if declared.isdigit():
        return int(declared)
    if "chunked" not in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        return 0
    if not environ.get("wsgi.input_terminated"):
        raise LengthRequired
    return None


def parse_events(body: bytes, content_type: str) -> list[Any]:
    """Parse a body into raw events without checking them.

    The body is one JSON object, an array of objects, or one object per line. A broken line of
    newline JSON becomes an UnreadableEvent. Raises InvalidBody when nothing can be read. Values
    that JSON or Python allow and events do not (NaN, half a surrogate pair, huge numbers) pass
    here and are rejected event by event.
    """
    header = Message()
    header["Content-Type"] = content_type or "application/json"
    charset = header.get_content_charset() or "utf-8"
    if charset not in ("utf-8", "utf8", "us-ascii"):
        raise Unsupported(f"The body is encoded as {charset}; send UTF-8.")
    body = body.removeprefix(BYTE_ORDER_MARK)
    if not body.strip():
        raise InvalidBody("The body is empty; send one event or an array of events.")
    if header.get_content_type() in NEWLINE_JSON:
        return _parse_lines(body)
    try:
        parsed = _parse_json(body)
    except ValueError as error:
        if _starts_with_event_line(body):
            return _parse_lines(body)
        if events := _parse_around_deep_events(body):
            return events
        raise InvalidBody(f"The body is not valid JSON: {error}.") from None
    return parsed if isinstance(parsed, list) else [parsed]


def _starts_with_event_line(body: bytes) -> bool:
    """True when the first line is a complete JSON object, as in newline JSON."""
    first, _, rest = body.strip().partition(b"\n")
    try:
        return bool(rest) and isinstance(_parse_json(first), dict)
    except ValueError:
        return False


# strings as a whole, and the signs that change the nesting depth
TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},]', re.DOTALL)
TOO_DEEP = f"The event is nested deeper than {MAX_EVENT_DEPTH} levels."


def _parse_around_deep_events(body: bytes) -> list[Any]:
    """Parse an array with some events nested too deep to read; [] for anything else."""
    parts = _parts_of_array(body)
    if all(depth <= MAX_EVENT_DEPTH for _, depth in parts):
        return []
    if any(depth > MAX_EVENT_DEPTH and not part.startswith(b"{") for part, depth in parts):
        return []
    try:
        return [
            _parse_json(part)
            if depth <= MAX_EVENT_DEPTH
            else UnreadableEvent(part.decode("utf-8", "replace"), TOO_DEEP, "too_deep")
            for part, depth in parts
        ]
    except ValueError:
        return []


def _parts_of_array(body: bytes) -> list[tuple[bytes, int]]:
    """Split an array at its commas into (element, nesting depth); [] if it is not an array."""
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


def _parse_lines(body: bytes) -> list[Any]:
    lines = enumerate(body.split(b"\n"), 1)
    return [_parse_line(line, number) for number, line in lines if line.strip()]


def _parse_line(line: bytes, number: int) -> Any:
    try:
        return _parse_json(line)
    except ValueError as error:
        text = line.decode("utf-8", "replace").strip()
        return UnreadableEvent(text, f"Line {number} is not valid JSON: {error}.")


def _parse_json(text: bytes) -> Any:
    """Parse with pydantic_core, and with the json module where that rejects valid JSON."""
    try:
        return from_json(text)
    except ValueError as error:
        if not any(words in str(error) for words in REJECTED_VALID_JSON):
            raise
        try:
            parsed = json.loads(text.decode("utf-8"), parse_int=_parse_int)
        except (ValueError, RecursionError):
            raise error from None
        if _is_too_deep(parsed):
            raise
        return parsed


def _parse_int(digits: str) -> float:
    # Python does not convert a text of more than 4,300 digits to an integer
    return int(digits) if len(digits) < 300 else float(digits)


def _is_too_deep(parsed: Any) -> bool:
    level = [parsed]
    for _ in range(MAX_BODY_DEPTH):
        level = [child for value in level for child in _children(value)]
    return bool(level)


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
