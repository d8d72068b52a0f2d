"""A real Celery worker with the database and the Valkey of the tests."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core.cache import cache
from django.db import connection

from kpisite.celery import app
from kpisite.http.health import HEARTBEAT_KEY
from kpisite.launcher.parent_death import die_with_parent

READY_SECONDS = 60.0


@contextmanager
def running_worker() -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker in its own process; it is ready inside the block and ends with it."""
    app.control.purge()
    cache.delete(HEARTBEAT_KEY)
    log = Path(settings.KPI_DATA_DIR) / "worker.log"
    with log.open("wb") as output, _process(output) as process:
        try:
            _wait_until_ready(process, log)
            yield process
        finally:
            process.terminate()
            _wait_or_kill(process)


def _wait_or_kill(process: subprocess.Popen[bytes]) -> None:
    """Let the worker finish its task; on a busy machine it may take longer than a test waits."""
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=30)


def _process(output: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "celery", "--app", "kpisite", "worker", "--without-mingle"]
    return subprocess.Popen(
        [*command, "--without-gossip", "--loglevel", "INFO"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": database_url()},
        stdout=output,
        stderr=output,
        preexec_fn=partial(die_with_parent, os.getpid()),  # noqa: PLW1509
    )


def database_url() -> str:
    """Return the URL of the test database for another process."""
    place = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{place['NAME']}"
    host, port = quote(place["HOST"], safe=""), place["PORT"]
    account = ":".join(quote(word, safe="") for word in (place["USER"], place["PASSWORD"]) if word)
    return f"postgres://{account}@{host}{f':{port}' if port else ''}/{place['NAME']}"


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while cache.get(HEARTBEAT_KEY) is None:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(log.read_text())
        time.sleep(0.05)
