"""Work in rows: shared, done once, resumed, and ended by whoever began it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from threading import Thread
from typing import Any

import pytest
from celery import current_app
from django.conf import settings
from django.db import connection
from redis.exceptions import ConnectionError as NoConnection

from core import fan_out, tasks
from core.fan_out import Work
from core.models import WorkItem
from curriculum.models import Course
from kpisite.testing.worker import database_url

pytestmark = pytest.mark.django_db(transaction=True)

NAME = "test.work"


@pytest.fixture(autouse=True)
def done(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Declare a work of one row at a time, and return the subjects in the order they are done."""
    found: list[int] = []

    def do(subjects: Sequence[int], options: Mapping[str, Any]) -> fan_out.Result:
        found.extend(subjects)
        if options.get("fails") in subjects:
            raise ValueError("this one fails")
        return {"number": len(subjects)}

    monkeypatch.setitem(fan_out.WORK, NAME, Work(do, together=1))
    return found


def left() -> list[int]:
    return list(WorkItem.objects.filter(done_at=None).values_list("subject", flat=True))


def test_steps_are_done_in_order_and_results_are_returned(done: list[int]) -> None:
    shown: list[tuple[int, int]] = []
    results = fan_out.run(NAME, [[1, 2], [0]], progress=lambda *given: shown.append(given))

    assert done == [1, 2, 0]
    assert results == [{"number": 1}] * 3
    assert shown == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_an_interrupted_work_is_resumed_with_the_same_options(done: list[int]) -> None:
    with pytest.raises(ValueError, match="fails"):
        fan_out.run(NAME, [[1, 2, 3]], {"fails": 2})
    assert left() == [2, 3]
    assert fan_out.is_unfinished(NAME, {"fails": 2})
    assert not fan_out.is_unfinished(NAME, {})
    WorkItem.objects.update(options={})
    done.clear()
    fan_out.run(NAME, [[1, 2, 3]], {}, resumes=True)

    assert done == [2, 3]


def test_it_starts_over_otherwise(done: list[int]) -> None:
    for options, resumes in (({"fails": 2}, True), ({"fails": 2}, False), ({"fails": 3}, True)):
        done.clear()
        with pytest.raises(ValueError, match="fails"):
            fan_out.run(NAME, [[1, 2, 3]], options, resumes=resumes)

        assert done[0] == 1


def test_a_task_that_runs_twice_does_nothing_twice(done: list[int]) -> None:
    fan_out.begin(NAME, [[1, 2]], {})
    for _ in range(5):
        tasks.take_work(NAME)

    assert done == [1, 2]


def test_no_more_than_a_part_of_the_rows_is_claimed_at_once(
    done: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []

    def do(subjects: Sequence[int], options: Mapping[str, Any]) -> fan_out.Result:
        sizes.append(len(subjects))
        return {}

    monkeypatch.setitem(fan_out.WORK, NAME, Work(do, together=10))
    fan_out.run(NAME, [range(30)])

    # on SQLite nobody would get the others
    is_shared = connection.vendor == "postgresql"
    assert sizes == ([4, 4, 3, 3, 2, 2, 2, 2] + [1] * 8 if is_shared else [10, 10, 10])


def test_a_work_ends_although_nobody_can_be_asked_for_help(
    done: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise NoConnection("nobody listens")

    monkeypatch.setattr(current_app, "send_task", refuse)
    fan_out.run(NAME, [[1, 2]])

    assert done == [1, 2]


def test_what_another_process_has_claimed_is_left_to_it(
    done: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    others: list[bool] = []

    def take() -> None:
        others.append(fan_out.take(NAME))
        connection.close()

    def do(subjects: Sequence[int], options: Mapping[str, Any]) -> fan_out.Result:
        done.extend(subjects)
        if subjects == [1]:
            other = Thread(target=take)
            other.start()
            other.join(timeout=20)
        return {}

    monkeypatch.setitem(fan_out.WORK, NAME, Work(do, together=1))
    fan_out.run(NAME, [[1, 2], [3]])

    assert sorted(done) == [1, 2, 3]
    assert others == [connection.vendor == "postgresql"]


# adds a course, and dies before its claim is noted as done
DYING = f"""
import os, signal
import django
django.setup()
from core import fan_out
from curriculum.models import Course
def do(subjects, options):
    Course.objects.create(key=f"course-{{subjects[0]}}", title="")
    os.kill(os.getpid(), signal.SIGKILL)
fan_out.shared_work("{NAME}")(do)
fan_out.take("{NAME}")
"""


def test_the_claim_of_a_killed_process_ends_with_it(done: list[int]) -> None:
    fan_out.begin(NAME, [[1, 2]], {})
    environment = {"DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "kpisite.settings"}
    killed = subprocess.run(
        [sys.executable, "-c", DYING],
        env={**os.environ, **environment},
        cwd=settings.BASE_DIR,
        check=False,
        timeout=120,
    )

    assert killed.returncode == -signal.SIGKILL
    assert left() == [1, 2]
    # what it did is undone, where it ran in a transaction
    assert Course.objects.exists() == (connection.vendor == "sqlite")
    assert fan_out.take(NAME)
    assert done == [1]
