from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import override_settings
from playwright.sync_api import BrowserType, expect
from pytest_django import DjangoDbBlocker

from core import process_cache
from core.database import data_version
from exports.change_log import feed
from kpisite.testing import browser, databases
from kpisite.testing.servers import RUN_FOLDER
from kpisite.testing.worker import running_worker

browser.use_packaged_node()
# whether it comes, not how soon: all tests may run at once on a slow machine
expect.set_options(timeout=20_000)


@pytest.fixture(scope="session", autouse=True)
def _quick_settings() -> Iterator[None]:
    """Hash passwords cheaply, and serve static files without collecting them first."""
    storages = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    hashers = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)
    with override_settings(STORAGES=storages, PASSWORD_HASHERS=hashers):
        yield


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """Migrate one database for all workers; each works with a copy of it."""
    with django_db_blocker.unblock():
        databases.make(Path(os.environ[RUN_FOLDER]), os.environ.get("PYTEST_XDIST_WORKER", "gw0"))
    yield
    with django_db_blocker.unblock():
        databases.remove()


@pytest.fixture
def real_worker(transactional_db: None) -> Iterator[Popen[bytes]]:
    """Run a real Celery worker in its own process while the test runs."""
    with running_worker() as process:
        yield process


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type: BrowserType) -> dict[str, Any]:
    """Configure pytest-playwright's Chromium; without one, skip with the reason."""
    path = browser.executable(browser_type.executable_path)
    if path is None:
        reason = "No Chromium is installed (Debian: apt install chromium)."
        if os.environ.get("KPI_REQUIRE_BROWSER"):
            pytest.fail(reason)
        pytest.skip(reason)
    # Playwright's loop runs in this thread, which makes Django suspect asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    return {"executable_path": path, "args": browser.arguments()}


@pytest.fixture(autouse=True)
def _nothing_remembered_of_another_test() -> Iterator[None]:
    """Clear the caches: rows of two tests may have the same cache keys."""
    process_cache.clear_all()
    yield
    # PostgreSQL does not drop a test database that somebody is connected to
    data_version.close()


# as in `exports.change_log.feed`, but of this database: workers of a test run share one server, and
# the transactions of their tests would hold up the exports of all others
OLDEST_OF_THIS_DATABASE = """
SELECT LEAST(pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
  (SELECT min(backend_xid::text::bigint) FROM pg_stat_activity WHERE datname = current_database()))
"""


@pytest.fixture(autouse=True)
def _no_other_workers_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "OLDEST_RUNNING", OLDEST_OF_THIS_DATABASE)
