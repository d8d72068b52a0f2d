"""Upgrading a database of an older version: announced, backed up, verified, and the way back."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from engagement.tests.school import enrolled, finished, school
from kpis.models import Measurement
from kpis.recompute.recompute_stale import recompute_lock, recompute_stale
from kpis.tests.kernel import moment
from kpisite import pending_migrations
from kpisite.backups import last_backup, restoring
from kpisite.tests.test_backups import empty

pytestmark = pytest.mark.django_db(transaction=True)

# the version before stale marks had a time
BEFORE = ("kpis", "0011_restatements_by_moment")
ADDED = "kpis 0012_stale_since"
# what the migration trips over: SQLite copies the table, PostgreSQL adds the column
IN_THE_WAY = {
    "sqlite": ('CREATE TABLE "new__kpis_staleday" (id integer)', 'DROP TABLE "new__kpis_staleday"'),
    "postgresql": (
        "ALTER TABLE kpis_staleday ADD COLUMN since integer",
        "ALTER TABLE kpis_staleday DROP COLUMN since",
    ),
}


@pytest.fixture
def older() -> Iterator[int]:
    """A site with figures and the tables of an older version, so many migrations behind."""
    school()
    enrolled("ada", "bo")
    finished("ada", "m1", "m2", at="2026-01-10")
    with recompute_lock():
        recompute_stale(now=moment("2026-07-10T12:00:00"))
    call_command("migrate", *BEFORE, verbosity=0)
    yield len(pending_migrations.waiting())
    call_command("migrate", verbosity=0)


def upgraded(*options: str) -> str:
    output = StringIO()
    call_command("upgrade", *options, stdout=output)
    return output.getvalue()


def test_a_database_of_this_version_is_left_alone() -> None:
    assert "There is nothing to do" in upgraded()


def test_a_dry_run_says_what_would_be_done_and_does_nothing(older: int) -> None:
    said = upgraded("--dry-run")

    assert f"{ADDED}: " in said
    assert "less than a minute" in said
    assert "No backup is known." in said
    assert said.endswith("Nothing was changed.\n")
    assert len(pending_migrations.waiting()) == older


def test_an_upgrade_backs_up_migrates_and_verifies(older: int, tmp_path: Path) -> None:
    before = list(Measurement.objects.order_by("pk").values())
    assert before
    said = upgraded("--backup-to", str(tmp_path / "kept"))
    (backup,) = (tmp_path / "kept").iterdir()

    assert f"{older} migrations are done." in said
    assert "A sample of the figures matches" in said
    assert list(Measurement.objects.order_by("pk").values()) == before
    assert oct((tmp_path / "kept").stat().st_mode)[-3:] == "700"
    known = last_backup.last()
    assert known
    assert known.path == str(backup)


def test_a_failed_migration_says_how_to_go_back(older: int, tmp_path: Path) -> None:
    break_it, mend_it = IN_THE_WAY[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(break_it)
    try:
        with pytest.raises(CommandError) as caught:
            upgraded("--backup-to", str(tmp_path))
    finally:
        with connection.cursor() as cursor:
            cursor.execute(mend_it)
    (backup,) = tmp_path.iterdir()
    said = str(caught.value)

    assert said.startswith(f"{ADDED} failed: ")
    assert f"0 of {older} migrations are done." in said
    assert f"manage.py restore {backup}" in said
    # a backup of the tables as they are, which the former version can restore
    with zipfile.ZipFile(backup) as archive:
        assert json.loads(archive.read("backup.json"))["migrations"]["kpis"] == BEFORE[1]


@pytest.mark.usefixtures("older")
def test_the_backup_of_an_older_version_can_be_restored(tmp_path: Path) -> None:
    before = list(Measurement.objects.order_by("pk").values())
    call_command("backup", tmp_path / "site.zip", verbosity=0)
    empty()
    restoring.restore(tmp_path / "site.zip", lambda done, of: None)

    assert list(Measurement.objects.order_by("pk").values()) == before
    assert pending_migrations.waiting() == []


def test_nothing_begins_without_room(older: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.database.sizes.database_bytes", lambda: 10**18)
    with pytest.raises(CommandError, match="Nothing was changed"):
        upgraded()
    assert len(pending_migrations.waiting()) == older


def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE django_migrations SET name = '9999_x' WHERE name = %s", [BEFORE[1]])
    try:
        with pytest.raises(CommandError, match="of a newer version of the product"):
            upgraded()
        with pytest.raises(CommandError, match="of a newer version of the product"):
            call_command("backup", tmp_path / "site.zip", verbosity=0)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE django_migrations SET name = %s WHERE name = '9999_x'", [BEFORE[1]]
            )
    assert list(tmp_path.iterdir()) == []
