from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.progress_bars import ProgressBars
from kpisite.backups import restoring

OTHER_KEY = (
    "SECRET_KEY differs from that of the backup. Set the former one, or name it in"
    " SECRET_KEY_FALLBACKS; otherwise links that were sent no longer work, and events of erased"
    " people that are sent again are not recognized."
)


class Command(BaseCommand):
    help = "Restore a file of manage.py backup into an empty database. Stop the product first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="The file that manage.py backup wrote.")

    def handle(self, *args: Any, **options: Any) -> None:
        bars = ProgressBars(is_hidden=options["verbosity"] < 1)
        try:
            restored = restoring.restore(
                options["path"], lambda done, of: bars.show("tables", done, of)
            )
        except restoring.RestoreError as error:
            raise CommandError(str(error)) from None
        finally:
            bars.close()
        about = restored.about
        rows = sum(about.tables.values())
        self.stdout.write(f"Restored {rows:,} rows as of {about.made_at:%Y-%m-%d %H:%M} UTC.")
        if restored.has_other_key:
            self.stdout.write(OTHER_KEY)
