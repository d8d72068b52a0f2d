"""Reading from a real streaming replica of PostgreSQL."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection, connections
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from accounts.tests.people import account
from core.database import data_version, replica
from curriculum.models import Course
from dashboard.live.versions import publish_change
from kpisite.testing import postgres, servers

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture(scope="module", autouse=True)
def server(django_db_setup: None) -> Iterator[subprocess.Popen[bytes]]:
    """Start a replica of the server of this test run, and declare it as Django's replica."""
    primary = Path(os.environ[servers.RUN_FOLDER]) / "postgres"
    if not (primary / "data").exists():
        pytest.skip("needs the PostgreSQL that the tests start")
    folder = primary.parent / f"replica-{os.getpid()}"
    process = postgres.start_replica(primary, folder)
    place = deepcopy(settings.DATABASES["default"])
    place["HOST"] = str(folder)
    place["OPTIONS"] = {"connect_timeout": 2}
    # nothing is set up and deleted on the replica
    place["TEST"]["MIRROR"] = "default"
    settings.DATABASES[replica.ALIAS] = place
    data_version._databases[replica.ALIAS] = data_version.DatabaseVersion(replica.ALIAS)
    yield process
    data_version._databases.pop(replica.ALIAS).close()
    connections[replica.ALIAS].close()
    del connections[replica.ALIAS], settings.DATABASES[replica.ALIAS]
    process.kill()
    process.wait(timeout=30)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """Let requests use the replica; its lag is measured by the clock that is returned."""
    clock = Clock()
    monkeypatch.setattr(replica, "REPLICA", replica.Replica(clock))
    with override_settings(DATABASE_ROUTERS=["core.database.replica.Router"]):
        cache.clear()
        catch_up(clock)
        yield clock
    cache.clear()


@pytest.fixture
def ada(clock: Clock) -> Client:
    """Return the browser of an account that may see everything, on a replica that has it."""
    client = Client()
    client.force_login(account("Ada", is_staff=True, is_superuser=True))
    catch_up(clock)
    return client


def on_replica(statement: str) -> Any:
    with connections[replica.ALIAS].cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def catch_up(clock: Clock) -> None:
    """Wait until the replica has everything that was committed, and is known to have it."""
    on_replica("SELECT pg_wal_replay_resume()::text")
    written = replica.position_of("default", replica.PRIMARY_POSITION)
    while not replica.REPLICA.has(written):
        clock.seconds += 2 * replica.RETRY_EVERY


def stop_replay() -> None:
    on_replica("SELECT pg_wal_replay_pause()::text")
    while on_replica("SELECT pg_get_wal_replay_pause_state()") != "paused":
        pass


def courses_seen_by(client: Client) -> list[str]:
    response = client.get("/api/courses")
    assert response.status_code == 200, response.content
    return [one["key"] for one in response.json()["results"]]


def test_who_only_reads_reads_from_the_replica(ada: Client, clock: Clock) -> None:
    Course.objects.create(key="py", title="Python")
    catch_up(clock)
    assert courses_seen_by(ada) == ["py"]
    with CaptureQueriesContext(connection) as primary:
        assert courses_seen_by(ada) == ["py"]

    assert primary.captured_queries == []


def test_what_the_replica_lacks_is_read_from_the_primary_after_the_accepted_lag(
    ada: Client, clock: Clock
) -> None:
    assert courses_seen_by(ada) == []
    stop_replay()
    Course.objects.create(key="py", title="Python")

    assert courses_seen_by(ada) == []
    clock.seconds += settings.REPLICA_MAX_LAG + 1
    assert courses_seen_by(ada) == ["py"]
    catch_up(clock)
    with CaptureQueriesContext(connections[replica.ALIAS]) as read:
        assert courses_seen_by(ada) == ["py"]
    assert any("curriculum_course" in one["sql"] for one in read.captured_queries)


def test_an_account_sees_what_it_has_written(ada: Client, clock: Clock) -> None:
    bo = Client()
    account("Bo", is_staff=True, is_superuser=True)
    catch_up(clock)
    assert courses_seen_by(ada) == []
    stop_replay()
    Course.objects.create(key="py", title="Python")
    # her session is on the primary only
    bo.post("/sign-in", {"username": "bo@example.com", "password": "secret"})

    assert courses_seen_by(bo) == ["py"]
    assert courses_seen_by(ada) == []


def test_pages_that_hear_of_a_change_find_it(ada: Client) -> None:
    stop_replay()
    Course.objects.create(key="py", title="Python")
    publish_change(["courses"])

    assert courses_seen_by(ada) == ["py"]


def test_a_request_that_writes_reads_what_it_has_written(clock: Clock) -> None:
    stop_replay()
    with replica.reading(from_replica=True) as reading:
        assert not Course.objects.exists()
        Course.objects.create(key="py", title="Python")

        assert Course.objects.exists()
    assert reading.has_written


def test_a_replica_that_dies_is_left_alone(
    ada: Client, clock: Clock, server: subprocess.Popen[bytes]
) -> None:
    assert courses_seen_by(ada) == []
    server.kill()
    server.wait(timeout=30)
    Course.objects.create(key="py", title="Python")

    # this request is sent to the replica first
    ada.raise_request_exception = False
    assert courses_seen_by(ada) == ["py"]
    clock.seconds += replica.PAUSE / 2
    with patch.object(connections[replica.ALIAS], "cursor") as asked:
        assert courses_seen_by(ada) == ["py"]
    assert not asked.called
