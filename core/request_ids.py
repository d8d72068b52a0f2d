"""The id of what is being done, from the proxy's request to the tasks and messages it leads to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import uuid4

HEADER = "X-Request-ID"
# what proxies make: UUIDs, hexadecimals, ULIDs; nothing that could forge a line of a log
WELL_FORMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")

_current: ContextVar[str] = ContextVar("request_id", default="")


def current() -> str:
    """Return the id; empty outside requests and tasks."""
    return _current.get()


def accepted(given: str | None) -> str:
    """Return the given id if it is well-formed, else a new one."""
    return given if given and WELL_FORMED.fullmatch(given) else uuid4().hex


@contextmanager
def bound(request_id: str) -> Iterator[None]:
    token = _current.set(request_id)
    try:
        yield
    finally:
        _current.reset(token)
