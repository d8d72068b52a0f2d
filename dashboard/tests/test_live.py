from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from redis.exceptions import ConnectionError as ValkeyIsAway

from alerts.models import AlertEvent
from alerts.signals import alert_changed
from core.locks import try_lock
from dashboard.live import backoff, change_times, topics, versions
from dashboard.live.watch_token import VALID_FOR, topics_of, watch
from kpis import tasks
from kpis.definitions.periods import containing
from kpis.definitions.registry import REGISTRY
from kpis.query.targets import set_target
from kpis.recompute import recompute_stale, stale_days
from kpis.recompute.recompute_stale import Job, Recomputed
from kpis.tests.measured import COMPLETION, NOW, course, measured
from kpis.tests.visitors import Visitor
from presentation import live_pages

ENGAGEMENT = topics.to_watch("engagement", "month")


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture(autouse=True)
def passing() -> Iterator[Clock]:
    """The clock of what this process remembers; it has forgotten all before."""
    clock = Clock()
    versions.VERSIONS.__init__(clock)  # type: ignore[misc]
    yield clock
    versions.VERSIONS.__init__()  # type: ignore[misc]


@pytest.fixture
def _valkey_is_away() -> Iterator[None]:
    with (
        patch.object(cache, "get_many", side_effect=ValkeyIsAway),
        patch.object(cache, "set_many", side_effect=ValkeyIsAway),
    ):
        yield


def asked(token: str, version: str = "", method: str = "get") -> Any:
    return getattr(Client(), method)(
        "/live", {"of": token}, headers={"If-None-Match": f'"{version}"'}
    )


def test_nothing_has_moved_since_the_page_was_made() -> None:
    page = watch(ENGAGEMENT)

    assert asked(page.token, page.version).status_code == 304


def test_what_is_told_moves_the_page_that_watches_it(passing: Clock) -> None:
    page = watch(ENGAGEMENT)
    change_times.publish(topics.topics_of_change("engagement", "month", [7]))
    passing.seconds += 1
    answer = asked(page.token, page.version)

    assert answer.status_code == 200
    assert answer.content == b""
    assert asked(page.token, answer["ETag"].strip('"')).status_code == 304


@pytest.mark.parametrize(
    "told",
    [
        topics.topics_of_change("engagement", "week", [7]),
        topics.topics_of_change("business", "month", [7]),
        topics.topics_of_change("engagement", "month", [8]),
    ],
)
def test_a_page_of_one_course_is_moved_by_nothing_else(passing: Clock, told: list[str]) -> None:
    page = watch(topics.to_watch("engagement", "month", [7]))
    change_times.publish(told)
    passing.seconds += 1

    assert asked(page.token, page.version).status_code == 304


def test_many_courses_are_watched_as_all() -> None:
    assert topics.to_watch("business", "day", range(21)) == ["business.day"]


@pytest.mark.parametrize("token", ["", "forged", "a:b:c"])
def test_a_stranger_is_told_nothing(token: str) -> None:
    assert asked(token).status_code == 403


def test_a_token_runs_out() -> None:
    token = watch(ENGAGEMENT).token
    assert topics_of(token)
    with patch("time.time", return_value=NOW.timestamp() + 10 * VALID_FOR):
        fresh = watch(ENGAGEMENT).token
        assert topics_of(fresh)
    with patch("time.time", return_value=NOW.timestamp() + 12 * VALID_FOR):
        assert topics_of(fresh) is None


def test_only_questions_are_answered() -> None:
    assert asked(watch(ENGAGEMENT).token, method="post").status_code == 405


@pytest.mark.django_db
def test_asking_touches_no_database_and_no_session() -> None:
    page = watch(ENGAGEMENT)
    client = Client(headers={"Cookie": "sessionid=" + 32 * "a"})
    with CaptureQueriesContext(connection) as queries:
        answer = client.get("/live", {"of": page.token})

    assert answer.status_code == 200
    assert answer.cookies == {}
    assert len(queries) == 0


@pytest.mark.django_db
@pytest.mark.usefixtures("_valkey_is_away")
def test_the_rows_tell_while_valkey_is_away(passing: Clock) -> None:
    page = watch(ENGAGEMENT)
    passing.seconds += 2
    assert asked(page.token, page.version).status_code == 304
    measured(COMPLETION, "2026-06", total=8, n=10)
    passing.seconds += 2

    assert asked(page.token, page.version).status_code == 200


@pytest.mark.django_db
@pytest.mark.usefixtures("_valkey_is_away")
def test_the_rows_are_read_once_for_many_pages() -> None:
    tokens = [watch(topics.to_watch("engagement", "month", [one])).token for one in range(9)]
    with CaptureQueriesContext(connection) as queries:
        for token in tokens:
            asked(token)

    assert len(queries) == 0


@pytest.mark.django_db
def test_a_valkey_that_comes_back_has_the_page_read_once_more(passing: Clock) -> None:
    with patch.object(cache, "get_many", side_effect=ValkeyIsAway):
        page = watch(ENGAGEMENT)
    passing.seconds += 2
    answer = asked(page.token, page.version)

    assert answer.status_code == 200
    passing.seconds += 2
    assert asked(page.token, answer["ETag"].strip('"')).status_code == 304


@pytest.mark.usefixtures("_valkey_is_away")
def test_telling_without_valkey_hurts_nobody() -> None:
    change_times.publish(ENGAGEMENT)


def test_few_pages_ask_soon_and_many_seldom() -> None:
    few, many = backoff.Pace(), backoff.Pace()

    # 10 pages, then 500, for six seconds at the pace that each is told
    assert _on_storedd(few, pages=10) == pytest.approx(0.4)
    assert _on_storedd(many, pages=500) == pytest.approx(4, rel=0.1)


def _on_storedd(one: backoff.Pace, *, pages: int) -> float:
    """Seconds between two questions of a page, once the pace knows how many ask."""
    now, end = 0.0, 20.0
    while now < end:
        now += one.next(now) / pages
    return one.seconds


def written(number: int) -> Callable[..., None]:
    """In place of measuring: so many figures were written of each KPI."""

    def run_together(
        batch: Sequence[Job],
        _: datetime,
        done: Recomputed,
        on_stored: Callable[[], None] | None = None,
    ) -> None:
        for job in batch:
            done.note(job, number)
        if on_stored:
            on_stored()

    return run_together


@pytest.mark.django_db
def test_each_kind_of_period_is_told_as_soon_as_it_is_measured() -> None:
    told: list[set[str]] = []
    python = course("py")
    stale_days.mark_days_stale("engagement", [(python.pk, NOW.date())])
    with (
        patch.object(recompute_stale, "run_together", written(1)),
        patch.object(change_times, "tell", side_effect=lambda some: told.append(set(some))),
    ):
        recompute_stale.recompute_stale(now=NOW)

    kinds = ("month", "week", "day", "quarter")
    assert told == [{f"engagement.{one}", f"engagement.{one}.{python.pk}"} for one in kinds]


@pytest.mark.django_db
def test_what_arrives_during_a_measuring_is_measured_up_to_its_own_moment() -> None:
    """Else the mark would go and the event, later than the start, be in no figure."""
    moments = []
    python = course("py")

    def arrive_once(_jobs: Any, at: datetime, *, on_stored: Callable[[], None]) -> Recomputed:
        moments.append(at)
        on_stored()
        if len(moments) == 1:
            stale_days.mark_days_stale("engagement", [(python.pk, at.date())])
        return Recomputed()

    stale_days.mark_days_stale("engagement", [(python.pk, NOW.date())])
    with patch.object(recompute_stale, "run_jobs", side_effect=arrive_once):
        recompute_stale.recompute_stale()

    assert moments[-1] > moments[0]


@pytest.mark.once
@pytest.mark.django_db
def test_one_task_measures_at_a_time() -> None:
    is_free: list[bool] = []

    def look() -> int:
        with try_lock("recompute-stale") as held:
            is_free.append(held)
        return 0

    with patch.object(recompute_stale, "recompute_stale", side_effect=look):
        tasks.recompute()
        tasks.recompute()

    assert is_free == [False, False]


@pytest.mark.once
@pytest.mark.django_db
def test_a_task_waits_for_the_one_before_but_not_for_long() -> None:
    with (
        patch.object(tasks, "WAIT_FOR", 0.1),
        patch.object(recompute_stale, "recompute_stale") as measuring,
        try_lock("recompute-stale"),
    ):
        assert tasks.recompute() == 0

    measuring.assert_not_called()


@pytest.mark.django_db
def test_what_did_not_change_is_not_told() -> None:
    period = containing(NOW.date(), "month", NOW.tzinfo)  # type: ignore[arg-type]
    job = Job("engagement", REGISTRY[COMPLETION], [(period, frozenset({1}))])
    with (
        patch.object(recompute_stale, "run_together", written(0)),
        patch.object(change_times, "tell") as tell,
    ):
        recompute_stale.run_jobs([job], NOW)

    tell.assert_not_called()


@pytest.mark.django_db(transaction=True)
def test_a_target_that_is_set_moves_every_page(passing: Clock) -> None:
    page = watch(ENGAGEMENT)
    set_target(COMPLETION, Decimal(90))
    passing.seconds += 1

    assert asked(page.token, page.version).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_an_alert_that_moves_moves_every_page(passing: Clock) -> None:
    page = watch()
    alert_changed.send(AlertEvent, event=AlertEvent())
    passing.seconds += 1

    assert asked(page.token, page.version).status_code == 200


def test_a_page_hands_its_script_what_it_watches(ada: Visitor) -> None:
    ada.reads("/kpi-dashboard?period=week")
    token = ada.html.partition('data-live="')[2].partition('"')[0]

    assert topics_of(token) == ("engagement.week", "alerts", "targets")


def test_a_page_of_one_course_watches_it_alone(ada: Visitor) -> None:
    python = course("py")
    ada.reads(f"/kpi-dashboard/{COMPLETION}?course=py")
    token = ada.html.partition('data-live="')[2].partition('"')[0]

    assert topics_of(token) == (f"engagement.month.{python.pk}", "alerts", "targets")


def test_scripts_wait_while_people_are_served(ada: Visitor) -> None:
    with live_pages._slots, live_pages._slots:
        by_script = ada.client.get("/kpi-dashboard", headers={live_pages.HEADER: "yes"})
        by_hand = ada.client.get("/kpi-dashboard")

    assert (by_script.status_code, by_script["Retry-After"]) == (503, "1")
    assert by_hand.status_code == 200
    assert ada.client.get("/kpi-dashboard", headers={live_pages.HEADER: "yes"}).status_code == 200
