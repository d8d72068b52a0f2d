"""Back up, migrate and verify; or say how to go back."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from core import reporting_clock
from core.database import sizes
from curriculum.models import Course
from kpis.definitions.periods import local_day
from kpis.recompute import from_scratch
from kpis.recompute.job import Job
from kpisite import byte_sizes, pending_migrations
from kpisite.backups import backing_up, last_backup

Say = Callable[[str], object]

WAY_BACK = """
To go back: stop the product, install the former version, and restore into a new place:
  {place} manage.py restore {path}
Then start the former version with that setting. The database that is there now stays as it is."""


class UpgradeError(Exception):
    """Why the upgrade stopped, in sentences."""


def check_version() -> None:
    if unknown := pending_migrations.unknown():
        raise UpgradeError(
            f"The database is of a newer version of the product: it has {', '.join(unknown[:3])}."
            " Install that version; nothing was changed."
        )


def check_disk(folder: Path) -> None:
    """The backup is smaller than the database; SQLite also copies the tables that change."""
    size, free = sizes.database_bytes(), shutil.disk_usage(folder).free
    needed = 2 * size if connection.vendor == "sqlite" else size
    if free < needed:
        raise UpgradeError(
            f"{byte_sizes.named(free)} are free in {folder}, but the database has"
            f" {byte_sizes.named(size)}: {byte_sizes.named(needed)} may be needed."
            " Nothing was changed."
        )


def back_up(folder: Path, say: Say) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / backing_up.NAME.format(at=timezone.now())
    about = backing_up.back_up(path, lambda done, of: None)
    last_backup.note(path, about.made_at)
    say(f"Backed up {sum(about.tables.values()):,} rows to {path}.")
    return path


def migrate(backup: Path | None, say: Say) -> None:
    before = len(pending_migrations.waiting())
    try:
        call_command("migrate", interactive=False, verbosity=0)
    except Exception as error:  # whatever fails, people need the way back
        connection.close()
        left = pending_migrations.waiting()
        failed = f"{left[0].app_label} {left[0].name}" if left else "what follows the migrations"
        raise UpgradeError(
            f"{failed} failed: {error}\n{before - len(left)} of {before} migrations are done."
            f"{way_back(backup)}"
        ) from error
    say(f"{before} migrations are done.")


def verify(backup: Path | None, say: Say) -> None:
    """Compare the sample of figures that is verified at night, too, with their facts."""
    now = timezone.now()
    today = local_day(now, reporting_clock.reporting_zone())
    courses = frozenset(Course.objects.values_list("pk", flat=True))
    jobs = [
        Job(one, [(period, courses)], is_complete=True)
        for period in from_scratch.sample_of(today)
        for one in from_scratch.aggregated_indicators()
    ]
    found = list(from_scratch.differences(jobs, now))
    if found:
        listed = "\n".join(f"  {one}" for one in found[:5])
        raise UpgradeError(
            f"{len(found):,} figures differ from their facts:\n{listed}\n"
            "manage.py recompute corrects them, if they were wrong before the upgrade, too."
            f"{way_back(backup)}"
        )
    say("A sample of the figures matches their facts.")


def way_back(backup: Path | None) -> str:
    if backup is None:
        return "\nTo go back, install the former version with the backup that you made."
    place = "KPI_DATA_DIR=/NEW/FOLDER" if settings.IS_EMBEDDED else "DATABASE_URL=postgres://…/NEW"
    return WAY_BACK.format(place=place, path=backup)
