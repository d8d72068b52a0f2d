"""The databases of a test run: migrated once, and copied for each of its workers."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

from core.database import data_version


def make(run: Path, worker: str) -> None:
    """Make the database of a worker, and connect to it from now on."""
    with _one_at_a_time(run):
        _migrate_once(run)
        _use(_copy(worker))


def remove() -> None:
    data_version.close()
    connection.creation.destroy_test_db(verbosity=0)


@contextmanager
def _one_at_a_time(run: Path) -> Iterator[None]:
    with (run / "migrating").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _migrate_once(run: Path) -> None:
    migrated = run / "migrated"
    if migrated.exists():
        _use(migrated.read_text())
        return
    if connection.vendor == "sqlite":
        settings.DATABASES["default"]["TEST"]["NAME"] = str(run / "test.sqlite3")
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    connection.close()
    migrated.write_text(name)


def _copy(worker: str) -> str:
    if connection.vendor == "sqlite":
        # among the worker's other data, where tests look for what is left in files
        name = Path(settings.KPI_DATA_DIR) / "test.sqlite3"
        return str(shutil.copyfile(connection.settings_dict["NAME"], name))
    connection.creation.clone_test_db(worker, verbosity=0)
    return str(connection.creation.get_test_db_clone_settings(worker)["NAME"])


def _use(name: str) -> None:
    settings.DATABASES["default"]["NAME"] = name
    connection.settings_dict["NAME"] = name
