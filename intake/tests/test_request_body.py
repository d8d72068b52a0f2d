from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.test import override_settings

from intake.api.request_body import LengthRequired, TooLarge, read_request_body

MEGABYTE = 1024 * 1024


def chunks(body: bytes, *, terminated: bool = True) -> dict[str, Any]:
    """Return a WSGI environment without Content-Length, as gunicorn provides it."""
    return {
        "HTTP_TRANSFER_ENCODING": "chunked",
        "wsgi.input_terminated": terminated,
        "wsgi.input": BytesIO(body),
    }


def test_a_chunked_body_is_read_to_its_end() -> None:
    assert read_request_body(chunks(b"{}")) == b"{}"


@override_settings(KPI_MAX_BODY_MB=1)
def test_a_chunked_body_is_limited_too() -> None:
    with pytest.raises(TooLarge):
        read_request_body(chunks(b" " * (MEGABYTE + 1)))


def test_a_server_that_cannot_read_chunks_requires_a_length() -> None:
    with pytest.raises(LengthRequired):
        read_request_body(chunks(b"{}", terminated=False))


def test_no_more_is_read_than_was_declared() -> None:
    assert read_request_body({"CONTENT_LENGTH": "2", "wsgi.input": BytesIO(b"{}GET /")}) == b"{}"


@override_settings(KPI_MAX_BODY_MB=1)
def test_a_declared_length_is_not_read_beyond_the_limit() -> None:
    stream = BytesIO(b" " * (2 * MEGABYTE))

    with pytest.raises(TooLarge):
        read_request_body({"CONTENT_LENGTH": str(2 * MEGABYTE), "wsgi.input": stream})
    assert stream.tell() == MEGABYTE + 1
