from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, InterfaceError

from core.database import sizes
from core.database.outages import describe_error
from kpisite import byte_sizes, pending_migrations
from kpisite.backups.backing_up import BackupError
from kpisite.doctor.checks.backups import said_of_last
from kpisite.upgrading import run
from kpisite.upgrading.steps import Step, steps_of


class Command(BaseCommand):
    help = (
        "Bring the database to this version: back it up, migrate it and verify figures. Stop the"
        " product first. With --dry-run, only say what would be done."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Change nothing.")
        parser.add_argument(
            "--backup-to",
            type=Path,
            metavar="FOLDER",
            default=Path(settings.KPI_DATA_DIR) / "backups",
            help="Where to put the backup. Default: backups in the data folder.",
        )
        parser.add_argument(
            "--no-backup", action="store_true", help="You have made one in another way."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            run.check_version()
            waiting = pending_migrations.waiting()
            if not waiting:
                self.stdout.write("The database is of this version. There is nothing to do.")
                return
            if options["dry_run"]:
                self.plan(steps_of(waiting))
            else:
                self.upgrade(options["backup_to"], has_backup=options["no_backup"])
        except (run.UpgradeError, BackupError) as error:
            raise CommandError(str(error)) from None
        except (DatabaseError, InterfaceError) as error:
            raise CommandError(describe_error(error)) from None

    def plan(self, steps: list[Step]) -> None:
        self.stdout.write(f"{len(steps)} migrations would run:")
        for one in steps:
            self.stdout.write(f"  {one.name}: {_in_words(one)}")
        seconds = sum(one.seconds for one in steps)
        self.stdout.write(
            f"Together they take {'less than a minute' if seconds < 60 else ''}"
            f"{f'about {seconds // 60} minutes' if seconds >= 60 else ''}, and more"
            " on a slow disk."
        )
        self.stdout.write(f"The database has {byte_sizes.named(sizes.database_bytes())}.")
        self.stdout.write(said_of_last())
        run.check_disk(Path(settings.KPI_DATA_DIR))
        self.stdout.write("Nothing was changed.")

    def upgrade(self, folder: Path, *, has_backup: bool) -> None:
        run.check_disk(Path(settings.KPI_DATA_DIR))
        is_new = not pending_migrations.has_tables()
        path = None if has_backup or is_new else run.back_up(folder, self.stdout.write)
        run.migrate(path, self.stdout.write)
        if not is_new:
            run.verify(path, self.stdout.write)
        self.stdout.write("Start the product.")


def _in_words(step: Step) -> str:
    parts = [f"{step.rows:,} rows to rewrite" if step.rows else "at once"]
    if step.has_code:
        parts.append("works on data")
    if not step.is_reversible:
        parts.append("cannot be undone: the way back is the backup")
    return ", ".join(parts)
