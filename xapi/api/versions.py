"""The versions of the specification, and what a request must say about its own."""

from __future__ import annotations

import re

from xapi.errors import BadRequest

HEADER = "X-Experience-API-Version"
FIRST, SECOND = "1.0.3", "2.0.0"
VERSIONS = (FIRST, SECOND)
# What a request without the header may have been written for: the header came with version 0.95.
# No value of ours would be right for clients of both versions, and the specification asks for one.
NONE_GIVEN = "0.95"
KNOWN = {FIRST: re.compile(r"1\.0(\.\d+)?"), SECOND: re.compile(r"2\.0(\.\d+)?")}


def version_of(header: str | None) -> str:
    """Return the version in which a request is answered."""
    if header is None:
        raise BadRequest(
            f"The request needs the header {HEADER}: {FIRST} or {SECOND}.", field=HEADER
        )
    for version, known in KNOWN.items():
        if known.fullmatch(header.strip()):
            return version
    raise BadRequest(f"{HEADER}: this version is unknown; send {FIRST} or {SECOND}.", field=HEADER)


def answered_as(header: str | None) -> str:
    """Return the value of the header of the response, whatever becomes of the request."""
    if header is None:
        return NONE_GIVEN
    return FIRST if header.strip().startswith(("0", "1")) else SECOND
