from __future__ import annotations

import logging

import pytest
from django.core.cache import cache
from redis.exceptions import ConnectionError as NoConnection

from core import task_queue

pytestmark = pytest.mark.once


@pytest.fixture(autouse=True)
def _valkey_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise NoConnection("nobody listens")

    monkeypatch.setattr(cache, "add", refuse)
    monkeypatch.setattr(task_queue, "_logged_at", {})


def test_an_unreachable_broker_is_logged_once_and_not_each_time(
    caplog: pytest.LogCaptureFixture,
) -> None:
    for _ in range(3):
        task_queue.enqueue_once("a.task", queued="a.task-queued", otherwise="later")

    assert caplog.messages == ["Valkey cannot be reached (later): nobody listens"]


def test_it_is_logged_again_after_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    for seconds_ago in (0, 59, 61):
        task_queue._logged_at.update(
            {at: then - seconds_ago for at, then in task_queue._logged_at.items()}
        )
        task_queue.enqueue_once("a.task", queued="a.task-queued", otherwise="later")

    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2
