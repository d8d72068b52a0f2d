"""Bodies of several parts (multipart/mixed): statements with the contents of their attachments."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser
from itertools import pairwise

from django.utils.crypto import get_random_string

from xapi.errors import BadRequest

MIXED = "multipart/mixed"
HASH = "X-Experience-API-Hash"
END_OF_HEADERS = re.compile(rb"\r?\n\r?\n|\A\r?\n")


@dataclass(frozen=True)
class Part:
    headers: Message
    content: bytes

    @property
    def sha2(self) -> str:
        return str(self.headers.get(HASH, "")).strip()

    @property
    def content_type(self) -> str:
        return str(self.headers.get("Content-Type", "application/octet-stream"))[:255]


def content_type_of(header: str) -> Message:
    found = Message()
    found["Content-Type"] = header
    return found


def parse(body: bytes, header: str) -> list[Part]:
    """Split a body into its parts; each error says what is missing."""
    boundary = content_type_of(header).get_boundary()
    if not boundary:
        raise BadRequest("The Content-Type multipart/mixed needs a boundary.", field="Content-Type")
    line = re.compile(
        rb"(?:\A|\r?\n)--" + re.escape(boundary.encode()) + rb"(--)?[ \t]*(?=\r?\n|\Z)"
    )
    found = list(line.finditer(body))
    if not found:
        raise BadRequest("The body has no line with the boundary of its Content-Type.")
    if not found[-1][1]:
        raise BadRequest("The body ends before the closing boundary; it may have been cut off.")
    if any(one[1] for one in found[:-1]):
        raise BadRequest("The body goes on after its closing boundary.")
    parts = [
        _part(body[one.end() : other.start()], index)
        for index, (one, other) in enumerate(pairwise(found))
    ]
    if not parts:
        raise BadRequest("The body has no part before its closing boundary.")
    return parts


def _part(text: bytes, index: int) -> Part:
    text = text.removeprefix(b"\r\n") if text.startswith(b"\r\n") else text.removeprefix(b"\n")
    end = END_OF_HEADERS.search(text)
    if not end:
        raise BadRequest(f"parts[{index}]: has no empty line after its headers.")
    headers = BytesHeaderParser().parsebytes(text[: end.start()] + b"\r\n\r\n")
    return Part(headers, text[end.end() :])


def check_attachment_part(part: Part, index: int) -> None:
    encoding = str(part.headers.get("Content-Transfer-Encoding", "")).strip().lower()
    if encoding != "binary":
        raise BadRequest(f"parts[{index}]: needs the header Content-Transfer-Encoding: binary.")
    if not part.sha2:
        raise BadRequest(f"parts[{index}]: needs the header {HASH}.")


def write(json_text: str, attachments: Iterable[tuple[str, str, bytes]]) -> tuple[bytes, str]:
    """Return a body of statements and of (SHA-2, media type, content), and its Content-Type."""
    boundary = get_random_string(40)
    lines = [b"--" + boundary.encode(), b"Content-Type: application/json", b"", json_text.encode()]
    for sha2, content_type, content in attachments:
        # no line break, which would begin another header
        plain = " ".join(content_type.split())
        lines += [
            b"--" + boundary.encode(),
            f"Content-Type: {plain}".encode(),
            b"Content-Transfer-Encoding: binary",
            f"{HASH}: {sha2}".encode(),
            b"",
            content,
        ]
    lines += [b"--" + boundary.encode() + b"--", b""]
    return b"\r\n".join(lines), f'{MIXED}; boundary="{boundary}"'
