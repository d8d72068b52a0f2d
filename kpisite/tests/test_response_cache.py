"""A response is served again while nothing has changed, and to the same request only."""

from __future__ import annotations

from collections.abc import Callable
from unittest.mock import patch

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from redis.exceptions import ConnectionError as ValkeyIsDown

from accounts.api_keys import create_api_key
from accounts.models import User
from core import process_cache
from core.cacheable import cacheable
from core.database import data_version
from curriculum.models import Course
from kpis.models import Measurement
from kpis.tests.measured import COMPLETION, course, manager, measured, staff
from kpisite.http.response_cache import MAX_BYTES, RESPONSES, CachedResponse, ResponseCache
from kpisite.tests.cached_visitors import API, BY_COURSE, PAGE, Visitor, program

# on PostgreSQL, tests beside these commit to the same server, which ends what is cached
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("clock"),
    pytest.mark.once,
]

OF_EACH_REQUEST = {"X-Request-ID"}


@pytest.mark.parametrize(
    "path",
    [
        *(API, BY_COURSE, f"{API}?format=csv", f"{API}/modules"),
        *("/api/kpi", "/api/courses", "/api/kpi/findings", "/api/kpi/measurements"),
    ],
)
def test_a_program_gets_the_same_bytes_without_a_query(py: Course, path: str) -> None:
    _, bi = program("kpis:read", "kpis:small-groups")
    before = bi.warms_up(path)
    after = bi.gets(path)

    assert after.content == before.content
    # what is served again does not count against the key's limit
    own = {"RateLimit", "RateLimit-Policy", *OF_EACH_REQUEST}
    assert set(before.headers.items()) - set(after.headers.items()) == {
        (name, before.headers[name]) for name in own & set(before.headers)
    }


@pytest.mark.parametrize("path", [API, PAGE, f"{PAGE}/{COMPLETION}"])
def test_a_signed_in_reader_gets_the_same_bytes_without_a_query(py: Course, path: str) -> None:
    ada = Visitor(staff())
    before = ada.warms_up(path)
    after = ada.gets(path)

    assert after.content == before.content
    assert dict(after.headers) == {
        **before.headers,
        **{name: after.headers[name] for name in OF_EACH_REQUEST},
    }
    assert not after.cookies


@pytest.mark.parametrize("path", [API, PAGE])
def test_an_unchanged_response_is_a_304_without_a_query(py: Course, path: str) -> None:
    ada = Visitor(staff())
    tag = ada.warms_up(path).headers["ETag"]
    with CaptureQueriesContext(connection) as queries:
        response = ada.gets(path, **{"If-None-Match": tag})

    assert (response.status_code, len(queries)) == (304, 0)
    assert response.headers["Cache-Control"].startswith("private, no-")


def test_a_client_that_always_revalidates_is_served_again_too(py: Course) -> None:
    _, bi = program()
    tag = bi.gets().headers["ETag"]
    for _ in range(3):
        assert bi.gets(**{"If-None-Match": tag}).status_code == 304
    with CaptureQueriesContext(connection) as queries:
        bi.gets(**{"If-None-Match": tag})

    assert len(queries) == 0


def test_a_page_stays_out_of_other_caches(py: Course) -> None:
    ada = Visitor(staff())
    ada.warms_up(PAGE)

    assert ada.gets(PAGE).headers["Cache-Control"] == "private, no-store"


def test_without_valkey_responses_are_the_same(py: Course) -> None:
    ada = Visitor(staff())
    with (
        patch.object(cache, "get_many", side_effect=ValkeyIsDown),
        patch.object(cache, "set_many", side_effect=ValkeyIsDown),
    ):
        ada.warms_up(PAGE)


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer unknown"},
        {"Host": "127.0.0.1"},
        {"Accept": "text/html"},
        {"Cookie": "sessionid=another"},
    ],
)
def test_another_request_gets_its_own_response(py: Course, headers: dict[str, str]) -> None:
    _, bi = program()
    bi.warms_up()

    assert not bi.is_served_again(API, **headers)


def test_each_key_and_account_gets_its_own_response(py: Course) -> None:
    db = course("db")
    measured(COMPLETION, "2026-06", 50, 100, of=db)
    ada, bo = Visitor(staff()), Visitor(manager(db))
    whole = ada.warms_up(BY_COURSE).json()
    part = bo.warms_up(BY_COURSE).json()

    assert [one["key"] for one in whole["groups"]] == ["db", "py"]
    assert [one["key"] for one in part["groups"]] == ["db"]


def test_a_page_has_the_language_of_the_browser_and_of_the_account(py: Course) -> None:
    user = staff()
    ada = Visitor(user)
    ada.warms_up(PAGE)
    german = ada.gets(PAGE, **{"Accept-Language": "de"})
    assert 'lang="de"' in german.content.decode()
    User.objects.filter(pk=user.pk).update(language="de")

    assert 'lang="de"' in ada.gets(PAGE).content.decode()


def test_a_stranger_is_never_served_what_others_got(py: Course) -> None:
    Visitor(staff()).warms_up(PAGE)

    assert Client().get(PAGE).status_code == 302
    assert Client().get(API).status_code == 401


@pytest.fixture
def asked() -> Callable[[Callable[[HttpRequest], HttpResponse]], HttpResponse]:
    """Return a function that requests a view through the cache with a valid key."""
    key, _ = create_api_key("bi", ["kpis:read"])

    def ask(view: Callable[[HttpRequest], HttpResponse]) -> HttpResponse:
        request = RequestFactory().get("/", headers={"Authorization": "Bearer x"})
        request.user = key  # type: ignore[assignment]
        return ResponseCache(view)(request)

    return ask


Ask = Callable[[Callable[[HttpRequest], HttpResponse]], HttpResponse]


def test_a_commit_while_the_view_runs_is_seen_by_the_next_request(asked: Ask) -> None:
    measured(COMPLETION, "2026-06", 60, 100)

    @cacheable
    def interrupted(request: HttpRequest) -> HttpResponse:
        response = HttpResponse(str(Measurement.objects.get().total))
        Measurement.objects.update(total=70)
        return response

    assert [asked(interrupted).content for _ in range(2)] == [b"60.0", b"70.0"]


@pytest.mark.parametrize(
    "response",
    [HttpResponse("an error", status=500), HttpResponse(b"x" * (MAX_BYTES // 4 + 1))],
)
def test_errors_and_huge_responses_are_not_kept(asked: Ask, response: HttpResponse) -> None:
    asked(cacheable(lambda request: response))

    assert asked(lambda request: HttpResponse("new")).content == b"new"


@pytest.mark.parametrize("path", [BY_COURSE, PAGE])
def test_a_figure_that_could_not_be_computed_is_tried_again(py: Course, path: str) -> None:
    ada = Visitor(staff())
    ada.gets(path)
    process_cache.clear_all()
    with patch("kpis.query.query_service.read_sums.series", side_effect=DatabaseError):
        failed = ada.gets(path).content.decode()
        assert not ada.is_served_again(path)

    assert "60.0" not in failed
    assert "60.0" in ada.gets(path).content.decode()


def test_a_view_that_does_not_say_so_is_not_kept(asked: Ask) -> None:
    asked(lambda request: HttpResponse("old"))

    assert asked(lambda request: HttpResponse("new")).content == b"new"


def test_the_memory_is_bounded() -> None:
    for number in range(100):
        RESPONSES.keep(number, CachedResponse(b"x" * (MAX_BYTES // 10), {}, 0.0))

    assert sum(RESPONSES.get(number) is not None for number in range(100)) == 9


def test_a_database_that_does_not_tell_its_version_is_asked_itself(py: Course) -> None:
    _, bi = program()
    bi.warms_up()
    with patch.object(data_version.DatabaseVersion, "read", return_value=None):
        assert not bi.is_served_again()


def test_a_lost_connection_is_replaced(py: Course) -> None:
    _, bi = program()
    bi.warms_up()
    data_version.close()

    bi.warms_up()


def test_a_page_with_a_new_cookie_is_not_kept(py: Course) -> None:
    ada = Visitor(staff())
    ada.warms_up(PAGE)
    ada.client.cookies.pop(settings.CSRF_COOKIE_NAME)

    assert settings.CSRF_COOKIE_NAME in ada.gets(PAGE).cookies


def test_an_open_page_that_heard_of_a_change_gets_a_new_one(py: Course) -> None:
    ada = Visitor(staff())
    ada.warms_up(PAGE)

    assert not ada.is_served_again(PAGE, **{"Live-Read": "1"})
