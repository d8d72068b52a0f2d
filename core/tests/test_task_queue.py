from __future__ import annotations

import logging

import pytest
from django.core.cache import cache
from redis.exceptions import ConnectionError as NoConnection

from core import task_queue

pytestmark = pytest.mark.once


@pytest.fixture(autouse=True)
def _valkey_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise NoConnection("nobody listens")

    monkeypatch.setattr(cache, "add", refuse)
    monkeypatch.setattr(task_queue, "_said_at", {})


def test_a_broker_that_is_away_is_said_once_and_not_each_time(
    caplog: pytest.LogCaptureFixture,
) -> None:
    for _ in range(3):
        task_queue.enqueue_once(
            "a.task", queued="a.task-queued", otherwise="it waits for the schedule"
        )

    assert caplog.messages == ["it waits for the schedule, Valkey is away: nobody listens"]


def test_it_is_said_again_after_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    for seconds_ago in (0, 59, 61):
        task_queue._said_at.update(
            {at: then - seconds_ago for at, then in task_queue._said_at.items()}
        )
        task_queue.enqueue_once(
            "a.task", queued="a.task-queued", otherwise="it waits for the schedule"
        )

    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2
