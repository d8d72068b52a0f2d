"""Match the contents that came with statements to the attachments that these declare."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from xapi.errors import BadRequest
from xapi.statements.multipart import Part, check_attachment_part
from xapi.statements.parsing import Sent
from xapi.statements.signatures import SIGNATURE, check_signature
from xapi.validation.wrong import Wrong

DIGESTS = {56: "sha224", 64: "sha256", 96: "sha384", 128: "sha512"}


def declared_by(statement: dict[str, Any]) -> Iterator[tuple[list[str | int], dict[str, Any]]]:
    """Yield the attachments of a statement and of the one inside it, with their places."""
    for index, one in enumerate(statement.get("attachments", ())):
        yield ["attachments", index], one
    for index, one in enumerate(statement["object"].get("attachments", ())):
        yield ["object", "attachments", index], one


def match(batch: Sequence[Sent], parts: Sequence[Part], version: str) -> dict[str, Part]:
    """Return the parts by their SHA-2; BadRequest if one is missing, wrong or of no statement."""
    contents: dict[str, Part] = {}
    for index, part in enumerate(parts, 1):
        check_attachment_part(part, index)
        contents[part.sha2.lower()] = part
    used: set[str] = set()
    for number, sent in enumerate(batch):
        for place, one in declared_by(sent.statement):
            try:
                _check(sent.statement, one, contents, version)
            except Wrong as wrong:
                wrong.steps = ["statements", number, *place, *wrong.steps]
                raise BadRequest.of(wrong) from None
            used.add(one["sha2"].lower())
    for index, part in enumerate(parts, 1):
        if part.sha2.lower() not in used:
            raise BadRequest(f"parts[{index}]: no statement has an attachment with its SHA-2.")
    return contents


def is_intact(sha2: str, content: bytes) -> bool:
    """Return whether a content has the digest that it was declared with.

    The specification does not refuse one that has another, so neither do we; it is marked.
    """
    return hashlib.new(DIGESTS[len(sha2)], content).hexdigest() == sha2


def _check(
    statement: dict[str, Any], declared: dict[str, Any], contents: dict[str, Part], version: str
) -> None:
    sha2 = declared["sha2"].lower()
    is_signature = declared["usageType"] == SIGNATURE
    if is_signature and declared["contentType"] != "application/octet-stream":
        raise Wrong("of a signature must be application/octet-stream.").inside("contentType")
    part = contents.get(sha2)
    if part is None:
        if "fileUrl" not in declared or is_signature:
            raise Wrong("names a content that is not in the body; send it as multipart/mixed.")
        return
    if is_signature:
        check_signature(statement, part.content, version)
