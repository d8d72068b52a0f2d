"""What all resources share: versions, credentials, limits, errors and headers."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, ClassVar

from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View
from rest_framework.exceptions import APIException

from accounts.api_throttling import REQUESTS, TooManyRequests, take_one
from accounts.models import ApiKey
from core.database import replica
from core.database.outages import BUSY, outage_of
from xapi.api import versions
from xapi.api.call import METHODS, Call, call_of
from xapi.api.credentials import authenticate
from xapi.api.leniencies import CACHEBUSTER, ignores_cachebuster
from xapi.errors import Forbidden, MethodNotAllowed, Refusal

logger = logging.getLogger(__name__)

Scope = ApiKey.Scope
READS = (Scope.XAPI_READ, Scope.XAPI_ALL)
ALLOWED_HEADERS = (
    "Authorization, Content-Type, If-Match, If-None-Match, Accept-Language, "
    "X-Experience-API-Version, X-Experience-API-Hash"
)
EXPOSED_HEADERS = (
    "ETag, Last-Modified, Content-Length, Retry-After, X-Experience-API-Version, "
    "X-Experience-API-Consistent-Through"
)


class Endpoint(View):
    """A resource; a subclass has a method per HTTP method, which gets the call."""

    needs_key: ClassVar[bool] = True
    # batches of statements have a limit of their own
    throttle_scope: ClassVar[str] = REQUESTS

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., HttpResponseBase]:
        # no cookie is read, so that no other site can use one
        return csrf_exempt(super().as_view(**initkwargs))

    def dispatch(self, request: HttpRequest, **arguments: str) -> HttpResponse:
        version = request.headers.get(versions.HEADER)
        if request.method == "OPTIONS":
            response = self._options()
        else:
            try:
                call = call_of(request)
                version = call.headers.get(versions.HEADER)
                # what is compared by ETag or said to be complete must not lag behind
                with replica.reading(from_replica=False):
                    response = self._answer(call, arguments)
            except (Refusal, APIException) as error:
                response = _problem(error)
        response.headers[versions.HEADER] = versions.answered_as(version)
        _allow_origin(request, response)
        return response

    def _answer(self, call: Call, arguments: dict[str, str]) -> HttpResponse:
        handler = getattr(self, f"on_{_reading(call.method)}", None)
        if handler is None:
            raise MethodNotAllowed(f"{call.method}: is not allowed here; use {self._allowed()}.")
        if not self.needs_key:
            return self._called(handler, call, arguments)
        call.key = authenticate(call.headers.get("Authorization") or "")
        # for the log of refusals
        self.request.user = call.key  # type: ignore[assignment]
        is_write = call.method in ("PUT", "POST", "DELETE")
        _require_scope(call.key, (Scope.XAPI_WRITE,) if is_write else READS)
        allowance = take_one(call.key, self.throttle_scope if is_write else REQUESTS)
        if allowance and allowance.remaining < 0:
            raise TooManyRequests(call.key, allowance)
        call.version = versions.version_of(call.headers.get(versions.HEADER))
        if CACHEBUSTER in call.parameters and ignores_cachebuster(call.key):
            del call.parameters[CACHEBUSTER]
        response = self._called(handler, call, arguments)
        for name, value in (allowance.headers() if allowance else {}).items():
            response.headers[name] = value
        return response

    def _called(self, handler: object, call: Call, arguments: dict[str, str]) -> HttpResponse:
        """Call a handler; a second time if the database was busy with another writer."""
        assert callable(handler)  # noqa: S101 - for the type checker
        try:
            response = handler(call, **arguments)
        except OperationalError as error:
            if outage_of(error) is not BUSY:
                raise
            logger.warning("retrying a request of xAPI: %s", error)
            response = handler(call, **arguments)
        assert isinstance(response, HttpResponse)  # noqa: S101 - for the type checker
        return response

    def _options(self) -> HttpResponse:
        return HttpResponse(status=204, headers={"Allow": f"{self._allowed()}, OPTIONS"})

    def _allowed(self) -> str:
        return ", ".join(one for one in METHODS if hasattr(self, f"on_{_reading(one)}"))


def _reading(method: str) -> str:
    return "get" if method == "HEAD" else method.lower()


def _require_scope(key: ApiKey, scopes: tuple[ApiKey.Scope, ...]) -> None:
    if not any(key.may(scope) for scope in scopes):
        raise Forbidden(f"This requires an API key with the scope {' or '.join(scopes)}.")


def _problem(error: Refusal | APIException) -> HttpResponse:
    if isinstance(error, Refusal):
        body = {"code": error.code, "detail": error.detail}
        body |= {"field": error.field} if error.field else {}
        response: HttpResponse = JsonResponse(body, status=error.status)
    else:
        body = {"code": str(error.get_codes()), "detail": str(error.detail)}
        response = JsonResponse(body, status=error.status_code)
    if response.status_code == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="xAPI", charset="UTF-8"'
    if wait := getattr(error, "wait", None):
        response.headers["Retry-After"] = str(wait)
    return response


def _allow_origin(request: HttpRequest, response: HttpResponse) -> None:
    """Let pages of the origins in the settings call from a browser, without cookies."""
    patch_vary_headers(response, ["Authorization", "Origin", versions.HEADER])
    origin = request.headers.get("Origin")
    allowed = settings.KPI_XAPI_ORIGINS
    if origin is None or not (origin in allowed or "*" in allowed):
        return
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Expose-Headers"] = EXPOSED_HEADERS
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = ", ".join(METHODS)
        response.headers["Access-Control-Allow-Headers"] = ALLOWED_HEADERS
        response.headers["Access-Control-Max-Age"] = "86400"
