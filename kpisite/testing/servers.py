"""Pytest plugin that starts Valkey and PostgreSQL for a test run, before settings are read.

pytest-django reads the settings before any conftest, hence `addopts = -p` in pyproject.toml.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from kpisite.launcher import private_valkey
from kpisite.launcher.parent_death import die_with_parent
from kpisite.testing import postgres

RUN_FOLDER = "PYTEST_KPI_FOLDER"
KEPT = frozenset({"KPI_AXE_ADMIN", "KPI_REQUIRE_BROWSER", "KPI_REQUIRE_CLIENTS"})
# the settings of a developer's own server must not affect the tests
IGNORED = frozenset(
    {
        *("ALLOWED_HOSTS", "BEHIND_PROXY", "BIND", "CSRF_TRUSTED_ORIGINS", "DATABASE_URL"),
        *("DEBUG", "HTTPS", "LOG_LEVEL", "PORT", "REDIS_URL", "SECRET_KEY", "SQLITE_SYNCHRONOUS"),
        *("REPLICA_DATABASE_URL", "REPLICA_MAX_LAG"),
        *("EMAIL_FROM", "EMAIL_URL", "KPI_BASE_URL"),
        *("WEB_THREADS", "WEB_WORKERS", "WORKER_CONCURRENCY"),
    }
)
POSTGRES_URL = "PYTEST_KPI_POSTGRES"
started: list[subprocess.Popen[bytes]] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=("sqlite", "postgres"),
        default="sqlite",
        help="database for the tests; TEST_DATABASE_URL is the address of an existing PostgreSQL",
    )


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    wants_postgres = early_config.known_args_namespace.database == "postgres"
    if RUN_FOLDER not in os.environ:
        _start_servers(wants_postgres=wants_postgres)
    _point_settings_at_servers(wants_postgres=wants_postgres)
    return (yield)


def _start_servers(*, wants_postgres: bool) -> None:
    run = Path(tempfile.mkdtemp(prefix="kpi-"))
    os.environ[RUN_FOLDER] = str(run)
    # a run that fails while loading settings never reaches pytest's own final hook
    atexit.register(_stop_servers, run)
    _start_valkey(run)
    if wants_postgres:
        os.environ[POSTGRES_URL] = os.environ.get("TEST_DATABASE_URL") or _start_postgres(run)


def _start_valkey(run: Path) -> None:
    server = private_valkey.binary()
    if server is None:
        raise pytest.UsageError("The tests require Valkey. Install valkey-server or redis-server.")
    folder = run / "valkey"
    private_valkey.prepare_folder(_socket(run), folder)
    command = private_valkey.command(server, _socket(run), folder)
    with (run / "valkey.log").open("wb") as log:
        tie = partial(die_with_parent, os.getpid())
        process = subprocess.Popen(command, stdout=log, stderr=log, preexec_fn=tie)  # noqa: PLW1509
    started.append(process)
    if not private_valkey.wait_for(_socket(run), process):
        raise pytest.UsageError((run / "valkey.log").read_text())


def _start_postgres(run: Path) -> str:
    process, url = postgres.start(run / "postgres")
    started.append(process)
    return url


def _socket(run: Path) -> Path:
    return run / "valkey.sock"


def _point_settings_at_servers(*, wants_postgres: bool) -> None:
    for name in list(os.environ):
        if name in IGNORED or (name.startswith("KPI_") and name not in KEPT):
            del os.environ[name]
    run = Path(os.environ[RUN_FOLDER])
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    os.environ["KPI_DATA_DIR"] = str(run / worker)
    os.environ["REDIS_URL"] = f"unix://{_socket(run)}?db={2 * int(worker)}"
    os.environ["SECRET_KEY"] = "only-for-the-tests-" * 3
    if wants_postgres:
        os.environ["DATABASE_URL"] = os.environ[POSTGRES_URL]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip tests that do not depend on the database when running on PostgreSQL."""
    if config.getoption("--database") != "postgres":
        return
    single = [item for item in items if {"browser", "once"} & {m.name for m in item.iter_markers()}]
    config.hook.pytest_deselected(items=single)
    items[:] = [item for item in items if item not in single]


def _stop_servers(run: Path) -> None:
    for process in reversed(started):
        process.terminate()
        process.wait(timeout=30)
    shutil.rmtree(run)


def pytest_report_header(config: pytest.Config) -> str:
    return f"database: {config.getoption('--database')}, Python {sys.version.split()[0]}"
