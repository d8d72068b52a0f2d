"""If-Match and If-None-Match: writing only what has not changed since it was read."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.http import parse_etags

from xapi.errors import Conflict, PreconditionFailed


@dataclass(frozen=True)
class Preconditions:
    """The headers of a request; None for one that was not sent."""

    if_match: str | None
    if_none_match: str | None

    @property
    def is_empty(self) -> bool:
        return self.if_match is None and self.if_none_match is None

    def check(self, etag: str | None) -> None:
        """Raise PreconditionFailed unless the document is as expected; None: there is none."""
        if self.if_match is not None and not _matches(self.if_match, etag):
            raise PreconditionFailed(
                "If-Match: the document has changed since, or does not exist. Read it again, and "
                "send the request with its ETag."
            )
        if self.if_none_match is not None and _matches(self.if_none_match, etag):
            raise PreconditionFailed(
                "If-None-Match: there is such a document already. Read it, and send the request "
                "with If-Match and its ETag."
            )

    def require_one(self, etag: str | None) -> None:
        """Raise Conflict when a document would be overwritten that the client may not know."""
        if etag is not None and self.is_empty:
            raise Conflict(
                "There is such a document already. Read it, and send the request with If-Match "
                "and its ETag; send If-None-Match: * to write only what does not exist."
            )


def _matches(header: str, etag: str | None) -> bool:
    """Compare tags; a weak one is taken for the same, since proxies weaken those they compress."""
    if etag is None:
        return False
    tags = [one.removeprefix("W/") for one in parse_etags(header)]
    # clients of version 1.0 exist that leave the quotation marks out
    return "*" in tags or etag in tags or header.strip() == etag.strip('"')
