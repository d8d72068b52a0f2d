from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from core.progress_bars import ProgressBars
from kpisite import disk_space
from kpisite.backups import backing_up, last_backup


class Command(BaseCommand):
    help = "Write everything that the database holds into one file, while the product runs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "path", type=Path, help="The file to write, or a folder for files named by their time."
        )
        parser.add_argument(
            "--keep",
            type=int,
            metavar="N",
            help="Then delete all but the newest N of the folder's files named by their time.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path, keep = options["path"], options["keep"]
        folder = path if path.is_dir() else None
        if keep is not None and (folder is None or keep < 1):
            raise CommandError("--keep is a number of files to keep in a folder, at least 1.")
        if folder:
            path = folder / backing_up.NAME.format(at=timezone.now())
        bars = ProgressBars(is_hidden=options["verbosity"] < 1)
        try:
            about = backing_up.back_up(path, lambda done, of: bars.show("tables", done, of))
        except backing_up.BackupError as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            if not disk_space.is_full(error):
                raise
            raise CommandError(f"The disk of {path.parent} is full. Nothing was written.") from None
        finally:
            bars.close()
        last_backup.note(path, about.made_at)
        rows, size = sum(about.tables.values()), path.stat().st_size / 1e6
        self.stdout.write(f"Backed up {rows:,} rows to {path} ({size:,.1f} MB).")
        if folder and keep:
            for old in backing_up.delete_older(folder, keep=keep):
                self.stdout.write(f"Deleted {old}.")
