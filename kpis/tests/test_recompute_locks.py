from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from threading import Thread
from unittest.mock import patch

import pytest
from django.db import connection

from core import reporting_clock
from core.database.locks import queue_to_write, try_lock
from kpis.definitions.facts import Ratio
from kpis.definitions.periods import containing
from kpis.definitions.registry import REGISTRY
from kpis.recompute.job import Job
from kpis.recompute.jobs import Recomputed, run_together
from kpis.tests import kernel

NOW = datetime(2026, 3, 10, tzinfo=UTC)
MARCH = containing(date(2026, 3, 1), "month", reporting_clock.reporting_zone())


def job_calling(look: Callable[[], None]) -> Job:
    """Return a job that calls the function while it reads the facts."""
    completion = REGISTRY["engagement.completion-rate"]

    def looking(rows: kernel.Rows) -> Ratio:
        look()
        return kernel.count(rows)

    return Job(replace(completion, facts=kernel.starts_read_by(looking)), [(MARCH, frozenset({1}))])


@pytest.mark.django_db(transaction=True)
def test_reading_facts_blocks_no_writer_on_sqlite() -> None:
    seen: list[bool] = []
    job = job_calling(lambda: seen.append(connection.in_atomic_block))

    with patch.dict(REGISTRY, {job.indicator.key: job.indicator}):
        run_together([job], NOW, Recomputed())

    assert seen == [connection.vendor == "postgresql"]


@pytest.mark.django_db(transaction=True)
def test_only_one_process_can_hold_a_lock() -> None:
    second: list[bool] = []

    def try_too() -> None:
        with try_lock("test") as is_held:
            second.append(is_held)
        connection.close()

    with try_lock("test") as first:
        other = Thread(target=try_too)
        other.start()
        other.join()

    assert (first, second) == (True, [False])


@pytest.mark.django_db(transaction=True)
def test_a_lock_is_free_again_after_its_block() -> None:
    with try_lock("test"):
        pass

    with try_lock("test") as is_held:
        assert is_held


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_writers_take_turns() -> None:
    order: list[str] = []

    def write(name: str) -> None:
        with queue_to_write():
            order.append(f"{name} begins")
            time.sleep(0.02)
            order.append(f"{name} ends")
        connection.close()

    others = [Thread(target=write, args=(name,)) for name in ("ada", "bo", "cleo")]
    for one in others:
        one.start()
    for one in others:
        one.join()

    assert [one.split()[1] for one in order] == ["begins", "ends"] * 3


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_a_writer_that_waits_for_too_long_tries_without_a_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("core.database.locks.LONGEST_WAIT", 0.05)

    with queue_to_write(), queue_to_write():
        pass


@pytest.mark.once
@pytest.mark.django_db
def test_within_a_transaction_writers_do_not_wait_for_a_turn() -> None:
    with queue_to_write(), queue_to_write():
        assert connection.in_atomic_block
