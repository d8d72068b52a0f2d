from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from redis.exceptions import ConnectionError as ValkeyIsDown

from accounts.reader import Reader
from accounts.tests.people import run_of
from alerts.models import Alert, AlertEvent
from alerts.signals import alert_changed
from dashboard.live import polling_interval, topics, versions
from dashboard.live.tokens import VALID_FOR_SECONDS, live_update_data, topics_in_token
from intake.receiving.receive import receive
from intake.tests.lms import CREATOR
from kpis.query.targets import set_target
from kpis.recompute import recompute_stale
from kpis.tests.measured import COMPLETION, NOW, course, measured
from kpis.tests.visitors import Visitor
from presentation import live_updates

STAFF = Reader(True, True, True, frozenset())
MANAGER = Reader(True, False, False, frozenset({7}))
TUTOR = Reader(True, False, False, frozenset(), frozenset({(7, 12)}))
ENGAGEMENT = topics.topics_of_page("engagement", "month", STAFF)


class Clock:
    """A clock that tests move forward."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture(autouse=True)
def clock() -> Iterator[Clock]:
    """Empty the version cache and give it a clock for the test."""
    made = Clock()
    versions.VERSIONS.__init__(made)  # type: ignore[misc]
    yield made
    versions.VERSIONS.__init__()  # type: ignore[misc]


@pytest.fixture
def _valkey_is_down() -> Iterator[None]:
    with (
        patch.object(cache, "get_many", side_effect=ValkeyIsDown),
        patch.object(cache, "set_many", side_effect=ValkeyIsDown),
    ):
        yield


def poll(token: str, version: str = "", method: str = "get") -> Any:
    return getattr(Client(), method)(
        "/live", {"of": token}, headers={"If-None-Match": f'"{version}"'}
    )


def test_a_new_page_is_up_to_date() -> None:
    page = live_update_data(STAFF, ENGAGEMENT)

    assert poll(page.token, page.version).status_code == 304


def test_a_published_change_reaches_the_page_that_follows_it(clock: Clock) -> None:
    page = live_update_data(STAFF, ENGAGEMENT)
    versions.publish_change(topics.topics_of_change("engagement.month", [7]))
    clock.seconds += 1
    answer = poll(page.token, page.version)

    assert answer.status_code == 200
    assert answer.content == b""
    assert poll(page.token, answer["ETag"].strip('"')).status_code == 304


@pytest.mark.parametrize(
    "changed",
    [
        topics.topics_of_change("engagement.week", [7]),
        topics.topics_of_change("business.month", [7]),
        topics.topics_of_change("engagement.month", [8]),
    ],
)
def test_a_page_of_one_course_ignores_other_changes(clock: Clock, changed: list[str]) -> None:
    page = live_update_data(STAFF, topics.topics_of_page("engagement", "month", STAFF, [7]))
    versions.publish_change(changed)
    clock.seconds += 1

    assert poll(page.token, page.version).status_code == 304


def test_a_page_of_many_courses_follows_all_courses() -> None:
    assert topics.topics_of_page("business", "day", STAFF, range(101)) == ["business.day"]


def test_the_token_of_a_reader_with_many_grants_fits_in_an_address() -> None:
    granted = Reader(True, False, False, frozenset(range(10_000, 10_100)))
    page = live_update_data(granted, topics.topics_of_page("engagement", "quarter", granted))

    assert len(page.token) < 2_000


@pytest.mark.parametrize(
    ("reader", "name", "courses", "runs", "hears"),
    [
        (MANAGER, "engagement.month", [7], [12], True),
        (MANAGER, "engagement.month", [8], [20], False),
        (MANAGER, "alerts", [7], [], True),
        (MANAGER, "alerts", [8], [20], False),
        (MANAGER, "targets", [8], [], False),
        (TUTOR, "engagement.month", [7], [12], True),
        (TUTOR, "engagement.month", [7], [13], False),
        (TUTOR, "alerts", [7], [12], True),
        # of the whole course, or another run
        (TUTOR, "alerts", [7], [], False),
        (TUTOR, "alerts", [7], [13], False),
        (TUTOR, "targets", [7], [], True),
        (STAFF, "alerts", [8], [20], True),
    ],
)
def test_a_reader_hears_of_no_more_than_they_see(
    clock: Clock, reader: Reader, name: str, courses: list[int], runs: list[int], *, hears: bool
) -> None:
    page = live_update_data(reader, topics.topics_of_page("engagement", "month", reader))
    versions.publish_change(topics.topics_of_change(name, courses, runs))
    clock.seconds += 1

    assert poll(page.token, page.version).status_code == (200 if hears else 304)


@pytest.mark.parametrize("token", ["", "forged", "a:b:c"])
def test_polling_without_a_valid_token_is_forbidden(token: str) -> None:
    assert poll(token).status_code == 403


def test_a_token_expires() -> None:
    token = live_update_data(STAFF, ENGAGEMENT).token
    assert topics_in_token(token)
    with patch("time.time", return_value=NOW.timestamp() + 10 * VALID_FOR_SECONDS):
        fresh = live_update_data(STAFF, ENGAGEMENT).token
        assert topics_in_token(fresh)
    with patch("time.time", return_value=NOW.timestamp() + 12 * VALID_FOR_SECONDS):
        assert topics_in_token(fresh) is None


def test_only_get_and_head_are_allowed() -> None:
    assert poll(live_update_data(STAFF, ENGAGEMENT).token, method="post").status_code == 405


@pytest.mark.django_db
def test_polling_uses_neither_database_nor_session() -> None:
    page = live_update_data(STAFF, ENGAGEMENT)
    client = Client(headers={"Cookie": "sessionid=" + 32 * "a"})
    with CaptureQueriesContext(connection) as queries:
        answer = client.get("/live", {"of": page.token})

    assert answer.status_code == 200
    assert answer.cookies == {}
    assert len(queries) == 0


@pytest.mark.django_db
@pytest.mark.usefixtures("_valkey_is_down")
def test_the_database_is_used_while_valkey_is_down(clock: Clock) -> None:
    page = live_update_data(STAFF, ENGAGEMENT)
    clock.seconds += 2
    assert poll(page.token, page.version).status_code == 304
    measured(COMPLETION, "2026-06", total=8, n=10)
    clock.seconds += 2

    assert poll(page.token, page.version).status_code == 200


@pytest.mark.django_db
@pytest.mark.usefixtures("_valkey_is_down")
def test_the_database_is_read_once_for_many_pages() -> None:
    tokens = [
        live_update_data(STAFF, topics.topics_of_page("engagement", "month", STAFF, [one])).token
        for one in range(9)
    ]
    with CaptureQueriesContext(connection) as queries:
        for token in tokens:
            poll(token)

    assert len(queries) == 0


@pytest.mark.django_db
def test_a_page_reloads_once_when_valkey_is_back(clock: Clock) -> None:
    with patch.object(cache, "get_many", side_effect=ValkeyIsDown):
        page = live_update_data(STAFF, ENGAGEMENT)
    clock.seconds += 2
    answer = poll(page.token, page.version)

    assert answer.status_code == 200
    clock.seconds += 2
    assert poll(page.token, answer["ETag"].strip('"')).status_code == 304


@pytest.mark.usefixtures("_valkey_is_down")
def test_publishing_without_valkey_does_not_fail() -> None:
    versions.publish_change(ENGAGEMENT)


def test_the_polling_interval_grows_with_the_number_of_pages() -> None:
    few, many = polling_interval.PollingInterval(), polling_interval.PollingInterval()

    # 10 and 500 pages, each polling at the interval it receives
    assert _settled(few, pages=10) == pytest.approx(0.4)
    assert _settled(many, pages=500) == pytest.approx(4, rel=0.1)


def _settled(one: polling_interval.PollingInterval, *, pages: int) -> float:
    """The interval once it has adapted to the number of open pages."""
    now, end = 0.0, 20.0
    while now < end:
        now += one.after_request(now) / pages
    return one.seconds


@pytest.mark.django_db
def test_an_event_in_a_run_updates_no_page_of_another_run(clock: Clock) -> None:
    python = course("py")
    autumn, spring = (run_of(python, key) for key in ("autumn", "spring"))
    pages = {}
    for run in (autumn, spring):
        tutor = Reader(True, False, False, frozenset(), frozenset({(python.pk, run.pk)}))
        followed = topics.topics_of_page("business", "month", tutor, [python.pk])
        pages[run.key] = live_update_data(tutor, followed)
    at = (NOW - timedelta(days=20)).isoformat()
    starts = {"id": "1", "kind": "enrollment.started", "occurred_at": at, "learner": "ada"}
    assert receive([{**starts, "course": "py", "run": "autumn"}], CREATOR)[0].status == "accepted"
    recompute_stale.recompute_stale(now=NOW)
    clock.seconds += 1

    codes = {key: poll(page.token, page.version).status_code for key, page in pages.items()}
    assert codes == {"autumn": 200, "spring": 304}


@pytest.mark.django_db(transaction=True)
def test_a_new_target_of_all_courses_updates_every_page(clock: Clock) -> None:
    pages = [live_update_data(reader) for reader in (STAFF, MANAGER, TUTOR)]
    set_target(COMPLETION, Decimal(90))
    clock.seconds += 1

    assert {poll(page.token, page.version).status_code for page in pages} == {200}


@pytest.mark.django_db(transaction=True)
def test_the_target_of_a_course_updates_the_pages_of_its_readers(clock: Clock) -> None:
    python = course("py")
    mine, other = (Reader(True, False, False, frozenset({pk})) for pk in (python.pk, 0))
    pages = [live_update_data(reader) for reader in (STAFF, mine, other)]
    set_target(COMPLETION, Decimal(90), course=python)
    clock.seconds += 1

    assert [poll(page.token, page.version).status_code for page in pages] == [200, 200, 304]


@pytest.mark.django_db(transaction=True)
def test_a_changed_alert_updates_the_pages_of_its_readers(clock: Clock) -> None:
    pages = [live_update_data(reader) for reader in (STAFF, MANAGER, TUTOR)]
    of_run = Alert(course_id=7, scope="run", scope_id=13)
    alert_changed.send(AlertEvent, event=AlertEvent(alert=of_run))
    clock.seconds += 1

    assert [poll(page.token, page.version).status_code for page in pages] == [200, 200, 304]


def test_a_page_gives_its_script_a_token_for_its_topics(ada: Visitor) -> None:
    ada.reads("/kpi-dashboard?period=week")
    token = ada.html.partition('data-live="')[2].partition('"')[0]

    assert topics_in_token(token) == ("engagement.week", "alerts", "targets")


def test_the_token_of_a_page_of_one_course_is_for_that_course(ada: Visitor) -> None:
    python = course("py")
    ada.reads(f"/kpi-dashboard/{COMPLETION}?course=py")
    token = ada.html.partition('data-live="')[2].partition('"')[0]

    assert topics_in_token(token) == (f"engagement.month.{python.pk}", "alerts", "targets")


def test_background_reloads_are_limited(ada: Visitor) -> None:
    with live_updates._slots, live_updates._slots:
        background = ada.client.get(
            "/kpi-dashboard", headers={live_updates.BACKGROUND_RELOAD_HEADER: "yes"}
        )
        foreground = ada.client.get("/kpi-dashboard")

    assert (background.status_code, background["Retry-After"]) == (503, "1")
    assert foreground.status_code == 200
    assert (
        ada.client.get(
            "/kpi-dashboard", headers={live_updates.BACKGROUND_RELOAD_HEADER: "yes"}
        ).status_code
        == 200
    )
