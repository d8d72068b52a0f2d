"""Let requests that only read do so from the replica of the database."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse

from core import task_queue
from core.database import replica

GetResponse = Callable[[HttpRequest], HttpResponse]


class ReadFromReplica:
    """Choose the database of a request: the replica for one that reads, unless it lags.

    Whoever has written sees it: their requests read from the primary until the replica has it, too.
    If the replica fails, the request is repeated on the primary; it has only read.
    """

    def __init__(self, get_response: GetResponse) -> None:
        if replica.ALIAS not in settings.DATABASES:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_read = request.method in ("GET", "HEAD")
        if is_read and replica.serves(_reader(request)):
            with replica.reading(from_replica=True) as reading:
                response = self.get_response(request)
            has_failed = response.status_code >= 500 and not reading.has_written
            if not has_failed or replica.REPLICA.is_reachable():
                return self._noted(request, response, has_written=reading.has_written)
        with replica.reading(from_replica=False) as reading:
            response = self.get_response(request)
        return self._noted(request, response, has_written=reading.has_written or not is_read)

    def _noted(
        self, request: HttpRequest, response: HttpResponse, *, has_written: bool
    ) -> HttpResponse:
        if has_written:
            try:
                replica.note_write(*_readers(request, response))
            except task_queue.UNREACHABLE as error:
                task_queue.log_unreachable("the replica is not read", error)  # not translated: log
        return response


def _reader(request: HttpRequest) -> str:
    """Return a digest of the credential: writes are seen by whoever presents the same one."""
    session = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    return _digest(request.headers.get("Authorization", "") or session)


def _readers(request: HttpRequest, response: HttpResponse) -> Iterator[str]:
    yield _reader(request)
    # a sign-in gives a new session
    if cookie := response.cookies.get(settings.SESSION_COOKIE_NAME):
        yield _digest(cookie.value)


def _digest(credential: str) -> str:
    return hashlib.blake2s(credential.encode()).hexdigest()
