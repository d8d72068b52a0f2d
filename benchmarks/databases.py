"""New databases to measure on, gone afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import django
from django.core.management import call_command

from kpisite.config import valkey
from kpisite.launcher import private_valkey
from kpisite.testing import postgres


@contextmanager
def new_database(*, is_postgresql: bool, has_cache: bool = False) -> Iterator[None]:
    """Set Django up on an empty, migrated database in a folder of its own, perhaps with Valkey."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "kpisite.settings"
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"KPI_DATA_DIR": folder, "LOG_LEVEL": "ERROR"}
        with (
            _server(Path(folder)) if is_postgresql else _nothing(),
            _valkey(Path(folder)) if has_cache else _nothing(),
        ):
            django.setup()
            (Path(folder) / "staticfiles").mkdir()
            call_command("migrate", verbosity=0)
            yield


@contextmanager
def _nothing() -> Iterator[None]:
    yield


@contextmanager
def _server(folder: Path) -> Iterator[None]:
    # as it comes, and not as the tests start it: what is measured has to survive a power cut
    with mock.patch.object(postgres, "FAST", ("max_connections=20",)):
        process, url = postgres.start(folder / "postgresql")
    os.environ["DATABASE_URL"], os.environ["SECRET_KEY"] = url, "benchmark-" * 6
    try:
        yield
    finally:
        # it would wait for our own connection if it were only asked to end
        process.send_signal(signal.SIGINT)
        process.wait()


@contextmanager
def _valkey(folder: Path) -> Iterator[None]:
    server, path = private_valkey.binary(), valkey.socket_path(folder)
    if server is None:
        raise SystemExit("Install valkey-server or redis-server.")
    private_valkey.prepare_folder(path, folder / "valkey")
    command = private_valkey.command(server, path, folder / "valkey")
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    private_valkey.wait_for(path, process)
    try:
        yield
    finally:
        process.terminate()
        process.wait()
