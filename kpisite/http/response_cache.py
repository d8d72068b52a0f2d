"""Serve the responses of cacheable views again for as long as nothing has changed.

A response is found by the credential that asked for it, its address, its language, the minute and
the version of everything stored. Whatever a right depends on is stored, so a right that was given
then is the same now: a key that is revoked, a password, a grant or a group that changes are
commits, and with the next commit no earlier response is found. Rights that end with time alone are
compared with the clock; so are periods, deadlines and ages of data, which change by the minute.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import set_response_etag

from accounts.api_key_use import count_request
from accounts.credential_expiry import valid_until
from accounts.models import ApiKey
from accounts.sign_in.sessions import SCRIPT_HEADER
from core.cacheable import MARK
from core.database import data_version
from core.process_cache import ProcessCache
from kpisite.http.compression import accepts_gzip

# per process; no larger response is kept than a quarter of it
MAX_BYTES = 16 * 1024 * 1024
ENTRY_BYTES = 1_000
# what is served again costs nothing, and does not count against a key's limit
OF_ONE_REQUEST = ("RateLimit", "RateLimit-Policy")


@dataclass(frozen=True)
class CachedResponse:
    """A response without its cookies, and the moment (in seconds) from which it is not served."""

    content: bytes
    headers: dict[str, str]
    expires: float
    # by API key: its id and that of its former secret
    key: tuple[int, int | None] | None = None


RESPONSES: ProcessCache[CachedResponse] = ProcessCache(
    MAX_BYTES, size_of=lambda one: len(one.content) + ENTRY_BYTES
)


class ResponseCache:
    """Look for a response before the session is read, and keep those of cacheable views.

    The middleware around it handles languages, hosts and conditional requests.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # before the view reads anything: a commit in between makes another version
        version = data_version.read() if may_be_cached(request) else None
        if version is None:
            return self.get_response(request)
        now = timezone.now().timestamp()
        key = (version, now // 60, request_key(request))
        found = RESPONSES.get(key)
        if found and now < found.expires:
            if found.key:
                count_request(*found.key)
            return HttpResponse(found.content, headers=found.headers)
        response = self.get_response(request)
        if is_complete(request, response):
            # the same for whoever asked first and for all who get it later
            if not response.has_header("ETag"):
                set_response_etag(response)
            expires = valid_until(request)
            if now < expires:
                headers = {
                    name: value
                    for name, value in response.headers.items()
                    if name not in OF_ONE_REQUEST
                }
                kept = CachedResponse(response.content, headers, expires, used_key(request))
                RESPONSES.keep(key, kept)
        return response


def may_be_cached(request: HttpRequest) -> bool:
    """Return whether the request only reads, has a credential, and is not after fresh news.

    An open page reloads when it hears of a change, and its version must be the latest.
    """
    has_credential = (
        "HTTP_AUTHORIZATION" in request.META or settings.SESSION_COOKIE_NAME in request.COOKIES
    )
    has_body = request.META.get("CONTENT_LENGTH") not in (None, "", "0")
    return (
        request.method == "GET"
        and has_credential
        and not has_body
        and SCRIPT_HEADER not in request.headers
    )


def used_key(request: HttpRequest) -> tuple[int, int | None] | None:
    key: object = getattr(request, "user", None)
    return key.credential if isinstance(key, ApiKey) else None


def request_key(request: HttpRequest) -> bytes:
    """Return a digest of all that a response depends on beside what is stored and the time."""
    headers = request.META
    parts = (
        *(request.scheme, headers.get("HTTP_HOST"), request.path, headers.get("QUERY_STRING")),
        *(headers.get("HTTP_AUTHORIZATION"), headers.get("HTTP_COOKIE")),
        *(headers.get("HTTP_ACCEPT"), getattr(request, "LANGUAGE_CODE", None)),
        accepts_gzip(request),
    )
    return blake2b(repr(parts).encode(), digest_size=32).digest()


def is_complete(request: HttpRequest, response: HttpResponse) -> bool:
    """Return whether a response may be served again as it is, without its cookies."""
    return (
        response.status_code == 200
        and getattr(response, MARK, False)
        and len(response.content) <= MAX_BYTES // 4
        and all(
            # only the age of such a cookie is renewed
            request.COOKIES.get(name) == cookie.value
            for name, cookie in response.cookies.items()
        )
    )
