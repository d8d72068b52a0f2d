"""A request to a resource: its method, parameters, headers and body, however they were sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from django.http import HttpRequest

from accounts.models import ApiKey
from intake.api.request_body import read_request_body
from xapi.api import versions
from xapi.errors import BadRequest
from xapi.statements.multipart import content_type_of

FORM = "application/x-www-form-urlencoded"
METHODS = ("GET", "HEAD", "PUT", "POST", "DELETE")
# form fields that stand for headers
HEADERS = (
    "Authorization", "X-Experience-API-Version", "Content-Type", "Content-Length", "If-Match",
    "If-None-Match", "Accept-Language",
)  # fmt: skip


@dataclass
class Call:
    """What a client asks; `parameters` are without those that stand for headers."""

    method: str
    parameters: dict[str, str]
    headers: Mapping[str, str]
    body: bytes
    version: str = ""
    key: ApiKey = field(default_factory=ApiKey)

    @property
    def content_type(self) -> str:
        return self.headers.get("Content-Type") or ""

    @property
    def media_type(self) -> str:
        return content_type_of(self.content_type or "application/octet-stream").get_content_type()

    @property
    def sees_all(self) -> bool:
        """Whether the key may see and change what other senders have sent.

        A statement names none of our courses, so that a key that is limited to some sees its own.
        """
        return self.key.may(ApiKey.Scope.XAPI_ALL) and not self.key.is_limited


def call_of(request: HttpRequest) -> Call:
    """Read a request; in version 1.0.3, a form may stand for another method."""
    parameters = _unique(parse_qsl(request.META.get("QUERY_STRING", ""), keep_blank_values=True))
    body = read_request_body(request.META)
    method = request.method or "GET"
    if method == "POST" and "method" in parameters and not _is_second(request):
        return _from_form(request, parameters, body)
    return Call(method, parameters, request.headers, body)


def _is_second(request: HttpRequest) -> bool:
    return (request.headers.get(versions.HEADER) or "").strip().startswith("2")


def _from_form(request: HttpRequest, parameters: dict[str, str], body: bytes) -> Call:
    method = parameters.pop("method")
    if method not in METHODS:
        raise BadRequest(f"method: must be one of {', '.join(METHODS)}.", field="method")
    if parameters:
        raise BadRequest(
            f"{min(parameters)}: must be in the form; only method may be in the address.",
            field=min(parameters),
        )
    if content_type_of(request.headers.get("Content-Type") or "").get_content_type() != FORM:
        raise BadRequest(f"Content-Type: must be {FORM} with the parameter method.")
    try:
        form = _unique(parse_qsl(body.decode(), keep_blank_values=True))
    except UnicodeDecodeError:
        raise BadRequest("The form is not in UTF-8.") from None
    names = {name.lower(): name for name in HEADERS}
    headers = {names[one.lower()]: form.pop(one) for one in list(form) if one.lower() in names}
    content = form.pop("content", None)
    if content is None and method in ("PUT", "POST"):
        raise BadRequest("content: must be in the form, since the method is " + method + ".")
    sent = {name: value for name in HEADERS if (value := request.headers.get(name))}
    # the form's own type is not that of its content
    sent["Content-Type"] = "application/json"
    if headers.get(versions.HEADER, "").strip().startswith("2"):
        raise BadRequest("method: version 2.0.0 knows no forms for other methods.", field="method")
    return Call(method, form, sent | headers, (content or "").encode())


def _unique(pairs: list[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise BadRequest(f"{name}: was given twice.", field=name)
        found[name] = value
    return found
