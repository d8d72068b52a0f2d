"""The bytes of a request, no more than are allowed, however they come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django.conf import settings
from rest_framework import status
from rest_framework.exceptions import APIException


class TooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


class Unsupported(APIException):
    status_code = status.HTTP_415_UNSUPPORTED_MEDIA_TYPE
    default_code = "unsupported"


class LengthRequired(APIException):
    status_code = status.HTTP_411_LENGTH_REQUIRED
    default_code = "length_required"
    default_detail = "This server takes no body in chunks; send its Content-Length."


def read_request_body(environ: Mapping[str, Any]) -> bytes:
    """Read the body; TooLarge when it is, LengthRequired or Unsupported when it cannot be read.

    Django takes a request without Content-Length for empty, so chunks are read here.
    """
    encoding = environ.get("HTTP_CONTENT_ENCODING", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise Unsupported(f"The body is packed by {encoding}; send it as it is.")
    most = settings.KPI_MAX_BODY_MB * 1024 * 1024
    length = _length(environ)
    wanted = most + 1 if length is None else min(length, most + 1)
    body = cast("bytes", environ["wsgi.input"].read(wanted)) if wanted else b""
    if len(body) > most:
        raise TooLarge(f"The body is larger than {settings.KPI_MAX_BODY_MB} MB; split it.")
    return body


def _length(environ: Mapping[str, Any]) -> int | None:
    """How many bytes come; None when only their end will tell."""
    declared = environ.get("CONTENT_LENGTH") or ""
    if declared.isdigit():
        return int(declared)
    if "chunked" not in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        return 0
    if not environ.get("wsgi.input_terminated"):
        raise LengthRequired
    return None
