from __future__ import annotations

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import RequestFactory

from kpisite.http.head_requests import HeadWithoutBody

pytestmark = pytest.mark.once


def asked(method: str, response: HttpResponseBase) -> tuple[bytes, str | None]:
    """The body and the length that a visitor is told."""
    answer = HeadWithoutBody(lambda _: response)(RequestFactory().generic(method, "/"))
    return b"".join(answer), answer.headers.get("Content-Length")


def test_a_head_comes_without_its_body_but_with_its_length() -> None:
    assert asked("HEAD", HttpResponse(b"12345")) == (b"", "5")
    assert asked("GET", HttpResponse(b"12345")) == (b"12345", None)


def test_the_head_of_a_stream_reads_nothing_of_it() -> None:
    assert asked("HEAD", StreamingHttpResponse(iter([b"12345"]))) == (b"", None)
    assert asked("GET", StreamingHttpResponse(iter([b"12345"]))) == (b"12345", None)
