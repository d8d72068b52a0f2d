"""Pages and JSON are compressed; a response that says the same keeps its ETag."""

from __future__ import annotations

import gzip

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.crypto import get_random_string

from accounts.models import Session
from accounts.tests.people import account
from curriculum.models import Course
from kpisite.tests.cached_visitors import API, PAGE, Clock, Visitor, clock, program, py

__all__ = ["clock", "py"]

pytestmark = pytest.mark.django_db(transaction=True)
ZIPPED = {"Accept-Encoding": "gzip, deflate, br"}


def something_else_changes() -> None:
    key = get_random_string(20)
    Session.objects.create(session_key=key, session_data="", expire_date=timezone.now())


@pytest.mark.parametrize("path", [PAGE, API])
def test_a_browser_gets_a_compressed_response(py: Course, path: str) -> None:
    ada = Visitor(account("Ada", is_staff=True))
    whole, zipped = ada.gets(path), ada.gets(path, **ZIPPED)

    assert zipped.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in zipped.headers["Vary"]
    assert len(zipped.content) < len(whole.content)
    if path == API:
        assert gzip.decompress(zipped.content) == whole.content


def test_who_accepts_no_compression_gets_none(py: Course, clock: Clock) -> None:
    ada = Visitor(account("Ada", is_staff=True))
    ada.warms_up()
    ada.gets(API, **ZIPPED)

    assert "Content-Encoding" not in ada.gets(API).headers
    assert ada.gets(API, **ZIPPED).headers["Content-Encoding"] == "gzip"


@pytest.mark.once
def test_a_compressed_response_is_compressed_once(py: Course, clock: Clock) -> None:
    ada = Visitor(account("Ada", is_staff=True))
    ada.gets(PAGE, **ZIPPED)
    first = ada.gets(PAGE, **ZIPPED)
    with CaptureQueriesContext(connection) as queries:
        second = ada.gets(PAGE, **ZIPPED)

    assert not queries.captured_queries
    # compressed anew, it would have other random bytes
    assert second.content == first.content


def test_the_same_figures_are_a_304_also_when_compressed_anew(py: Course) -> None:
    _, bi = program()
    tag = bi.gets(API, **ZIPPED).headers["ETag"]
    something_else_changes()

    assert tag.startswith("W/")
    assert bi.gets(API, **ZIPPED, **{"If-None-Match": tag}).status_code == 304


def test_random_bytes_hide_how_well_a_page_compresses(py: Course) -> None:
    ada = Visitor(account("Ada", is_staff=True))
    sizes: set[int] = set()
    for _ in range(10):
        something_else_changes()
        sizes.add(len(ada.gets(PAGE, **ZIPPED).content))

    assert len(sizes) > 1
