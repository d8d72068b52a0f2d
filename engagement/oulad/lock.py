from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from core.locks import try_lock


class BusyError(Exception):
    """Another import is running; its text says so."""


@contextmanager
def alone() -> Iterator[None]:
    """Hold back other imports into this database; BusyError when one is running."""
    with try_lock("import") as is_held:
        if not is_held:
            raise BusyError("Another import is running; wait for its end.")
        yield
