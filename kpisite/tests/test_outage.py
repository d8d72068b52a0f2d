"""Responses while the database is down, restarting or full, and recovery afterwards."""

from __future__ import annotations

import errno
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.db.backends.postgresql.base import DatabaseWrapper
from pytest_django import DjangoDbBlocker

from core.database.outages import BUSY, FAILING, FULL, UNREACHABLE, outage_of
from kpis.query.query_service import KpiQueryService
from kpisite.config import environment
from kpisite.launcher import prepare
from kpisite.settings.storage import with_default_options
from kpisite.testing import postgres
from kpisite.tests.test_access import client_of, rows

GONE = OperationalError("server closed the connection unexpectedly")


@pytest.mark.parametrize(
    ("error", "outage"),
    [
        (OperationalError("database is locked"), BUSY),
        (OperationalError("database or disk is full"), FULL),
        (OperationalError("disk I/O error"), FAILING),
        (OperationalError('could not extend file "base/1": No space left on device'), FULL),
        (InterfaceError("connection already closed"), UNREACHABLE),
        (ValueError("locked"), None),
    ],
)
def test_outages_are_distinguished_from_bugs(error: Exception, outage: object) -> None:
    assert outage_of(error) is outage


@pytest.mark.parametrize("statement", ["SELECT * FROM nothing", "CREATE TABLE a (b, b)", "SELEC 1"])
def test_an_invalid_statement_is_a_bug_and_no_outage(statement: str) -> None:
    with pytest.raises(sqlite3.OperationalError) as caught:
        sqlite3.connect(":memory:").execute(statement)
    error = OperationalError(str(caught.value))
    error.__cause__ = caught.value

    assert outage_of(error) is None


def responses_during_outage(visitor: str) -> dict[str, Any]:
    """Return the error responses of all routes that need the database."""
    client = client_of(visitor)
    client.raise_request_exception = False
    with patch("django.db.backends.utils.CursorWrapper.execute", side_effect=GONE):
        answers = {path: client.get(path) for method, path, _ in rows() if method == "GET"}
    return {path: one for path, one in answers.items() if one.status_code >= 500}


def test_a_disk_without_a_free_byte_counts_as_full() -> None:
    with patch("core.database.outages._has_no_room", return_value=True):
        assert outage_of(OperationalError("disk I/O error")) is FULL


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "is full. Free some space"),
        (OperationalError("database or disk is full"), "is full. Free some space"),
        (OperationalError("connection refused"), "The database cannot be reached"),
    ],
)
def test_a_start_that_cannot_be_prepared_exits_with_a_sentence(
    error: Exception, sentence: str
) -> None:
    with (
        patch("kpisite.launcher.prepare.prepare", side_effect=error),
        patch.object(settings, "IS_EMBEDDED", new=True),
        pytest.raises(SystemExit, match=sentence),
    ):
        prepare.main()


@pytest.mark.django_db
@pytest.mark.parametrize("visitor", ["reads", "staff"])
def test_everything_that_needs_the_database_responds_503_with_retry_after(visitor: str) -> None:
    answers = responses_during_outage(visitor)
    programs = {path: one for path, one in answers.items() if path.startswith("/api/")}

    assert {(one.status_code, one.headers["Retry-After"]) for one in answers.values()} == {
        (503, "5")
    }
    assert len(programs) > 10
    assert all(b"try_again" in one.content for one in programs.values())
    assert not any(b"<html" in one.content for one in programs.values())


@pytest.mark.django_db
def test_a_page_explains_that_it_is_not_available() -> None:
    page = responses_during_outage("staff")["/kpi-dashboard"].content.decode()

    assert "<h1>Temporarily unavailable</h1>" in page
    assert "Reload the page in 5 seconds" in page


@pytest.mark.django_db
def test_the_api_reports_a_bug_as_json() -> None:
    client = client_of("reads")
    client.raise_request_exception = False
    with patch.object(KpiQueryService, "_result", side_effect=ValueError("broken")):
        answer = client.get("/api/kpi/engagement/depth")

    assert (answer.status_code, answer.json()["code"]) == (500, "failed")


@pytest.fixture
def server() -> Iterator[tuple[Path, subprocess.Popen[bytes]]]:
    with tempfile.TemporaryDirectory(prefix="kpi-") as above:
        folder = Path(above) / "postgres"
        process, _ = postgres.start(folder)
        yield folder, process
        process.kill()
        process.wait()


def ended(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait(timeout=30)


@pytest.mark.once
def test_pooled_connections_recover_as_soon_as_the_database_is_back(
    server: tuple[Path, subprocess.Popen[bytes]],
    monkeypatch: pytest.MonkeyPatch,
    django_db_blocker: DjangoDbBlocker,
) -> None:
    django_db_blocker.unblock()
    folder, process = server
    monkeypatch.setenv("DATABASE_URL", postgres.url_of(folder))
    given = environment.database("DATABASE_URL")
    assert given
    usual = settings.DATABASES["default"]
    connections = [
        DatabaseWrapper({**usual, **with_default_options(given)}, alias="restarted")
        for _ in range(4)
    ]

    def works() -> bool:
        for connection in connections:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        for connection in connections:
            connection.close()
        return True

    try:
        works()
        ended(process)
        began = time.monotonic()
        with pytest.raises(OperationalError):
            works()
        assert time.monotonic() - began < 10
        process = postgres.restart(folder)
        assert works()
    finally:
        django_db_blocker.restore()
        connections[0].close_pool()
        ended(process)
