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
from redis.exceptions import ConnectionError as ValkeyIsDown

from alerts.models import AlertEvent
from alerts.signals import alert_changed
from core.database.locks import try_lock
from dashboard.live import polling_interval, topics, versions
from dashboard.live.tokens import VALID_FOR_SECONDS, live_update_data, topics_in_token
from kpis import tasks
from kpis.definitions.periods import containing
from kpis.definitions.registry import REGISTRY
from kpis.query.targets import set_target
from kpis.recompute import at_once, jobs, recompute_stale, stale_periods
from kpis.recompute.job import Job
from kpis.recompute.jobs import Recomputed
from kpis.recompute.store_measurements import Cell, Change
from kpis.statistics.intervals import NOTHING
from kpis.tests import kernel
from kpis.tests.measured import COMPLETION, NOW, course, measured
from kpis.tests.visitors import Visitor
from presentation import live_updates

ENGAGEMENT = topics.topics_of_page("engagement", "month")


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
    page = live_update_data(ENGAGEMENT)

    assert poll(page.token, page.version).status_code == 304


def test_a_published_change_reaches_the_page_that_follows_it(clock: Clock) -> None:
    page = live_update_data(ENGAGEMENT)
    versions.publish_change(topics.topics_of_change("engagement", "month", [7]))
    clock.seconds += 1
    answer = poll(page.token, page.version)

    assert answer.status_code == 200
    assert answer.content == b""
    assert poll(page.token, answer["ETag"].strip('"')).status_code == 304


@pytest.mark.parametrize(
    "changed",
    [
        topics.topics_of_change("engagement", "week", [7]),
        topics.topics_of_change("business", "month", [7]),
        topics.topics_of_change("engagement", "month", [8]),
    ],
)
def test_a_page_of_one_course_ignores_other_changes(clock: Clock, changed: list[str]) -> None:
    page = live_update_data(topics.topics_of_page("engagement", "month", [7]))
    versions.publish_change(changed)
    clock.seconds += 1

    assert poll(page.token, page.version).status_code == 304


def test_a_page_of_many_courses_follows_all_courses() -> None:
    assert topics.topics_of_page("business", "day", range(21)) == ["business.day"]


@pytest.mark.parametrize("token", ["", "forged", "a:b:c"])
def test_polling_without_a_valid_token_is_forbidden(token: str) -> None:
    assert poll(token).status_code == 403


def test_a_token_expires() -> None:
    token = live_update_data(ENGAGEMENT).token
    assert topics_in_token(token)
    with patch("time.time", return_value=NOW.timestamp() + 10 * VALID_FOR_SECONDS):
        fresh = live_update_data(ENGAGEMENT).token
        assert topics_in_token(fresh)
    with patch("time.time", return_value=NOW.timestamp() + 12 * VALID_FOR_SECONDS):
        assert topics_in_token(fresh) is None


def test_only_get_and_head_are_allowed() -> None:
    assert poll(live_update_data(ENGAGEMENT).token, method="post").status_code == 405


@pytest.mark.django_db
def test_polling_uses_neither_database_nor_session() -> None:
    page = live_update_data(ENGAGEMENT)
    client = Client(headers={"Cookie": "sessionid=" + 32 * "a"})
    with CaptureQueriesContext(connection) as queries:
        answer = client.get("/live", {"of": page.token})

    assert answer.status_code == 200
    assert answer.cookies == {}
    assert len(queries) == 0


@pytest.mark.django_db
@pytest.mark.usefixtures("_valkey_is_down")
def test_the_database_is_used_while_valkey_is_down(clock: Clock) -> None:
    page = live_update_data(ENGAGEMENT)
    clock.seconds += 2
    assert poll(page.token, page.version).status_code == 304
    measured(COMPLETION, "2026-06", total=8, n=10)
    clock.seconds += 2

    assert poll(page.token, page.version).status_code == 200


@pytest.mark.django_db
@pytest.mark.usefixtures("_valkey_is_down")
def test_the_database_is_read_once_for_many_pages() -> None:
    tokens = [
        live_update_data(topics.topics_of_page("engagement", "month", [one])).token
        for one in range(9)
    ]
    with CaptureQueriesContext(connection) as queries:
        for token in tokens:
            poll(token)

    assert len(queries) == 0


@pytest.mark.django_db
def test_a_page_reloads_once_when_valkey_is_back(clock: Clock) -> None:
    with patch.object(cache, "get_many", side_effect=ValkeyIsDown):
        page = live_update_data(ENGAGEMENT)
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


def written(number: int) -> Callable[..., None]:
    """Replace the recomputation: pretend that each course of a job has this many new figures."""

    def run_together(batch: Sequence[Job], _: datetime, done: Recomputed) -> None:
        for job in batch:
            for pk in job.courses:
                cell = Cell(job.all_periods[0], "course", pk, pk, NOTHING)
                done.note(job.indicator, number * [Change(cell, None)])
            stale_periods.remove(list(job.row_ids))

    return run_together


@pytest.mark.django_db
def test_each_period_kind_is_published_as_soon_as_it_is_recomputed() -> None:
    published: list[set[str]] = []

    def record(changed: Sequence[str]) -> None:
        published.append(set(changed))

    python = course("py")
    kernel.mark_days_stale("engagement", [(python.pk, NOW.date())])
    with (
        patch.object(at_once, "MOST_ROWS", 0),
        patch.object(jobs, "run_together", written(1)),
        patch.object(
            versions, "publish_change", side_effect=lambda one: published.append(set(one))
        ),
    ):
        recompute_stale.recompute_stale(now=NOW)

    kinds = ("month", "week", "day", "quarter")
    assert published == [{f"engagement.{one}", f"engagement.{one}.{python.pk}"} for one in kinds]


@pytest.mark.django_db
def test_data_that_arrives_during_a_recomputation_is_recomputed_up_to_its_own_time() -> None:
    """Otherwise the mark would be removed without its event in any figure."""
    moments = []
    python = course("py")

    def arrive_once(jobs: Sequence[Job], at: datetime, **_: Any) -> Recomputed:
        moments.append(at)
        stale_periods.remove(list(jobs[0].row_ids))
        if len(moments) == 1:
            kernel.mark_days_stale("engagement", [(python.pk, at.date())])
        return Recomputed()

    kernel.mark_days_stale("engagement", [(python.pk, NOW.date())])
    with (
        patch.object(at_once, "MOST_ROWS", 0),
        patch.object(recompute_stale, "run_jobs", side_effect=arrive_once),
    ):
        recompute_stale.recompute_stale()

    assert moments[-1] > moments[0]


@pytest.mark.once
@pytest.mark.django_db
def test_only_one_task_recomputes_at_a_time() -> None:
    is_free: list[bool] = []

    def look(**_: Any) -> int:
        with try_lock("recompute-stale") as held:
            is_free.append(held)
        return 0

    with patch.object(recompute_stale, "recompute_stale", side_effect=look):
        tasks.recompute()
        tasks.recompute()

    assert is_free == [False, False]


@pytest.mark.once
@pytest.mark.django_db
def test_a_task_waits_for_a_running_one_but_not_for_long() -> None:
    with (
        patch.object(tasks, "WAIT_FOR", 0.1),
        patch.object(recompute_stale, "recompute_stale") as measuring,
        try_lock("recompute-stale"),
    ):
        assert tasks.recompute() == 0

    measuring.assert_not_called()


@pytest.mark.django_db
def test_an_unchanged_figure_is_not_published() -> None:
    period = containing(NOW.date(), "month", NOW.tzinfo)  # type: ignore[arg-type]
    job = Job(REGISTRY[COMPLETION], [(period, frozenset({1}))])
    with (
        patch.object(jobs, "run_together", written(0)),
        patch.object(versions, "publish_change") as publish,
    ):
        jobs.run_jobs([job], NOW)

    publish.assert_not_called()


@pytest.mark.django_db(transaction=True)
def test_a_new_target_updates_every_page(clock: Clock) -> None:
    page = live_update_data(ENGAGEMENT)
    set_target(COMPLETION, Decimal(90))
    clock.seconds += 1

    assert poll(page.token, page.version).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_changed_alert_updates_every_page(clock: Clock) -> None:
    page = live_update_data()
    alert_changed.send(AlertEvent, event=AlertEvent())
    clock.seconds += 1

    assert poll(page.token, page.version).status_code == 200


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
