"""Files that wait for their import to be confirmed, in the cache that all web processes share."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from django.core.cache import cache

from intake.tables.text import ENCODINGS

PREFIX = "file-upload-"
LIFETIME_SECONDS = 3_600
ZIP = b"PK\x03\x04"


@dataclass(frozen=True)
class Upload:
    """A file and who uploaded it."""

    name: str
    content: bytes
    user_id: int

    def may_name(self, is_named_in: Callable[[str], bool]) -> bool:
        """Say whether it may name a person; a workbook or another ZIP always may."""
        encodings = ("utf-8", "utf-16", *ENCODINGS)
        return self.content.startswith(ZIP) or any(
            is_named_in(self.content.decode(one, "replace")) for one in encodings
        )


def keep(upload: Upload) -> str:
    """Store a file for an hour; return the token by which it is found."""
    token = secrets.token_urlsafe(16)
    cache.set(PREFIX + token, upload, LIFETIME_SECONDS)
    return token


def find(token: str, user_id: int | None) -> Upload | None:
    """Return the upload with this token, if it is of this user and still waits."""
    found = cache.get(PREFIX + token)
    return found if isinstance(found, Upload) and found.user_id == user_id else None


def drop(token: str) -> None:
    cache.delete(PREFIX + token)
