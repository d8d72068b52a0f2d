from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from accounts.models import User
from accounts.tests.people import account
from curriculum.models import Course
from curriculum.structure import versions
from engagement.tests.school import enrolled, finished, graded, school
from intake.models import Event
from kpis.models import Measurement
from kpis.recompute.recompute_stale import recompute_lock, recompute_stale
from kpis.tests.kernel import moment
from kpisite.backups import backing_up, contents, restoring
from kpisite.testing.worker import database_url
from kpisite.tests.product import clean_environment
from xapi.models import Activity, ActivityProfile

pytestmark = pytest.mark.django_db(transaction=True)

NOW = moment("2026-07-10T12:00:00")
MODELS = contents.models_of(apps)


@pytest.fixture
def provider() -> None:
    """A site with figures, and with values that JSON has no type for."""
    school()
    enrolled("ada", "bo")
    versions.record_missing()
    finished("ada", "m1", "m2", at="2026-01-10")
    graded("bo", 1 / 3, "2026-01-11")
    with recompute_lock():
        recompute_stale(now=NOW)
    account("Ada", is_staff=True)
    video = Activity.objects.create(key="https://example.org/video")
    ActivityProfile.objects.create(
        activity=video, key="notes", content=b"\x00\xff\n", updated_at=NOW
    )


def stored() -> dict[str, list[dict[str, Any]]]:
    return {one._meta.db_table: list(one._base_manager.order_by("pk").values()) for one in MODELS}


def empty() -> None:
    """Delete every row there is, as in a database that was only migrated."""
    tables = set(connection.introspection.table_names())  # an older version has fewer
    with transaction.atomic(), connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            if model._meta.managed and model._meta.db_table in tables:
                cursor.execute(f'DELETE FROM "{model._meta.db_table}"')  # noqa: S608


def back_up(path: Path, progress: Callable[[int, int], None] = lambda done, of: None) -> Path:
    backing_up.back_up(path, progress)
    return path


def restore(path: Path) -> None:
    restoring.restore(path, lambda done, of: None)


def rows_in(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of a backup by table, as columns by name."""
    found = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.startswith("tables/"):
                head, *rows = map(json.loads, archive.read(name).splitlines())
                found[name] = [dict(zip(head, row, strict=True)) for row in rows]
    return found


@pytest.mark.usefixtures("provider")
def test_what_is_restored_is_what_was_backed_up(tmp_path: Path) -> None:
    before = stored()
    assert all(before[one._meta.db_table] for one in (Event, Measurement, User, ActivityProfile))
    path = back_up(tmp_path / "site.zip")
    empty()
    restore(path)

    assert stored() == before
    # new rows get new ids
    assert Course.objects.create(key="new", title="New").pk not in {
        row["id"] for row in before["curriculum_course"]
    }


@pytest.mark.once
@pytest.mark.usefixtures("provider")
def test_a_backup_moves_to_a_database_without_tables_of_any_kind(tmp_path: Path) -> None:
    path, folder = back_up(tmp_path / "site.zip"), tmp_path / "new"
    again = folder / "again.zip"
    environment = clean_environment(KPI_DATA_DIR=str(folder), KPI_DEMO="no")

    def manage(*arguments: str) -> str:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=settings.BASE_DIR,
            env=environment,
            capture_output=True,
            check=True,
            text=True,
        ).stdout

    assert "Restored" in manage("restore", str(path))
    assert "Backed up" in manage("backup", str(again))
    assert rows_in(again) == rows_in(path)
    assert "matches its facts" in manage("recompute", "--check")


@pytest.mark.usefixtures("provider")
def test_everything_is_as_it_was_at_one_moment_and_nobody_waits(tmp_path: Path) -> None:
    def write(done: int, of: int) -> None:
        Course.objects.create(key=f"later-{done}", title="Later")

    before = stored()["curriculum_course"]
    path = back_up(tmp_path / "site.zip", write)

    assert Course.objects.filter(key__startswith="later").count() > len(MODELS)
    found = rows_in(path)["tables/curriculum_course.jsonl"]
    assert [row["key"] for row in found] == [row["key"] for row in before]


KILLED = """
import os, signal
import django
django.setup()
from pathlib import Path
from kpisite.backups import backing_up
def die(done, of):
    if done > of / 2:
        os.kill(os.getpid(), signal.SIGKILL)
backing_up.back_up(Path("{path}"), die)
"""


@pytest.mark.usefixtures("provider")
def test_a_backup_that_was_killed_is_none(tmp_path: Path) -> None:
    path = tmp_path / "site.zip"
    ended = subprocess.run(
        [sys.executable, "-c", KILLED.format(path=path)],
        env={
            **os.environ,
            "DATABASE_URL": database_url(),
            "DJANGO_SETTINGS_MODULE": "kpisite.settings",
        },
        cwd=settings.BASE_DIR,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL
    assert [one.name for one in tmp_path.iterdir()] == ["site.zip.partial"]
    with pytest.raises(restoring.RestoreError, match="is not a whole backup"):
        restore(tmp_path / "site.zip.partial")

    back_up(path)
    assert [one.name for one in tmp_path.iterdir()] == ["site.zip"]


@pytest.mark.usefixtures("provider")
def test_a_database_in_use_stays_as_it_is(tmp_path: Path) -> None:
    path = back_up(tmp_path / "site.zip")
    before = stored()
    with pytest.raises(CommandError, match="is in use: it has rows in"):
        call_command("restore", path, verbosity=0)

    assert stored() == before


def changed(path: Path, name: str, change: Callable[[str], str]) -> Path:
    """Copy a backup with one of its files changed."""
    other = path.with_name("changed.zip")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w") as new:
        for one in old.namelist():
            text = old.read(one).decode()
            new.writestr(one, change(text) if one == name else text)
    return other


def of_a_newer_version(text: str) -> str:
    about = json.loads(text)
    about["migrations"]["intake"] = "9999_from_the_future"
    return json.dumps(about)


@pytest.mark.usefixtures("provider")
@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        (contents.ABOUT, of_a_newer_version, "newer version of the product, which has intake 9999"),
        (contents.ABOUT, lambda text: "{}", "was not made by manage.py backup"),
        (
            "tables/curriculum_learner.jsonl",
            lambda text: text[: text.rindex("[")],
            "has 1 rows of curriculum_learner instead of 2. Nothing was restored",
        ),
    ],
)
def test_nothing_is_restored_of_a_backup_that_is_not_right(
    tmp_path: Path, name: str, change: Callable[[str], str], reason: str
) -> None:
    path = changed(back_up(tmp_path / "site.zip"), name, change)
    empty()
    with pytest.raises(CommandError, match=reason):
        call_command("restore", path, verbosity=0)

    assert not any(stored().values())


@pytest.mark.usefixtures("provider")
def test_a_backup_that_was_copied_by_half_is_refused(tmp_path: Path) -> None:
    whole = back_up(tmp_path / "site.zip").read_bytes()
    half = tmp_path / "half.zip"
    half.write_bytes(whole[: len(whole) // 2])
    damaged = tmp_path / "damaged.zip"
    middle = len(whole) // 2
    damaged.write_bytes(whole[:middle] + bytes(64) + whole[middle + 64 :])
    empty()
    for path in (half, damaged):
        with pytest.raises(CommandError, match="is not a whole backup"):
            call_command("restore", path, verbosity=0)
    with pytest.raises(CommandError, match="There is no file"):
        call_command("restore", tmp_path / "none.zip", verbosity=0)

    assert not any(stored().values())


def test_a_folder_keeps_the_newest_backups(tmp_path: Path) -> None:
    old = [tmp_path / f"learning-kpis-2026-01-0{day}T000000Z.zip" for day in (1, 2)]
    for path in (*old, tmp_path / "mine.zip"):
        path.touch()
    call_command("backup", tmp_path, keep=2, verbosity=0)

    assert not old[0].exists()
    assert len([*tmp_path.iterdir()]) == 3
    assert oct(max(tmp_path.glob("learning-kpis-*")).stat().st_mode)[-3:] == "600"


def test_a_backup_needs_a_place(tmp_path: Path) -> None:
    taken = tmp_path / "taken.zip"
    taken.touch()
    with pytest.raises(CommandError, match="exists"):
        call_command("backup", taken, verbosity=0)
    with pytest.raises(CommandError, match="There is no folder"):
        call_command("backup", tmp_path / "none" / "site.zip", verbosity=0)
    with pytest.raises(CommandError, match="--keep"):
        call_command("backup", tmp_path / "site.zip", keep=3, verbosity=0)


def test_every_table_is_backed_up_or_left_out_on_purpose() -> None:
    partitions = {
        name for name in connection.introspection.table_names() if name.startswith("intake_event_")
    }
    declared = {one._meta.db_table for one in MODELS}
    left_out = {apps.get_model(label)._meta.db_table for label in contents.LEFT_OUT}
    there = set(connection.introspection.table_names()) - partitions

    assert there == declared | left_out | {"django_migrations"}
