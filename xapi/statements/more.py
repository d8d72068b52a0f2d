"""The link to the next page: the question and where to go on, signed."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.core import signing
from django.urls import reverse

from xapi.errors import BadRequest
from xapi.statements.querying import Cursor

SALT, PARAMETER = "xapi.more", "more"


def link_to(question: dict[str, Any], after: Cursor) -> str:
    at, pk = after
    token = signing.dumps([question, at.isoformat(), pk], salt=SALT, compress=True)
    # in the query: Ralph takes over only that from the link, and would read the first page forever
    return f"{reverse('xapi:statements')}?{urlencode({PARAMETER: token})}"


def opened(token: str) -> tuple[dict[str, Any], Cursor]:
    try:
        question, at, pk = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError):
        raise BadRequest(
            "This link to more statements was not made here, or has been changed. "
            "Ask for the statements again without it."
        ) from None
    return question, (datetime.fromisoformat(at), pk)
