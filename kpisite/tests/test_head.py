from __future__ import annotations

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import RequestFactory

from kpisite.http.head_requests import HeadWithoutBody

pytestmark = pytest.mark.once


def response_to(method: str, response: HttpResponseBase) -> tuple[bytes, str | None]:
    """Return the body and the reported length."""
    answer = HeadWithoutBody(lambda _: response)(RequestFactory().generic(method, "/"))
    return b"".join(answer), answer.headers.get("Content-Length")


def test_a_head_response_has_no_body_but_a_length() -> None:
    assert response_to("HEAD", HttpResponse(b"12345")) == (b"", "5")
    assert response_to("GET", HttpResponse(b"12345")) == (b"12345", None)


def test_a_head_request_does_not_read_a_stream() -> None:
    assert response_to("HEAD", StreamingHttpResponse(iter([b"12345"]))) == (b"", None)
    assert response_to("GET", StreamingHttpResponse(iter([b"12345"]))) == (b"12345", None)
