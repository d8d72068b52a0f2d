"""Import the Open University dataset and compute its KPIs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import InterfaceError, OperationalError
from tqdm import tqdm

from core.database.outages import describe_error
from engagement.oulad.importing import AlreadyImportedError, BusyError, import_dataset
from engagement.oulad.report import by_file, totals
from engagement.oulad.source import SourceError
from kpis.recompute import recompute_stale, stale_days


class Command(BaseCommand):
    help = "Import the Open University Learning Analytics Dataset (see docs/oulad.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="The publisher's zip or its unpacked folder.")

    def handle(self, *, path: Path, **options: Any) -> None:
        try:
            self._import(path)
            # stale days may also be left by an import that was killed
            if stale_days.is_anything_stale():
                self._compute_kpis()
        except (SourceError, BusyError) as error:
            raise CommandError(str(error)) from error
        except (OperationalError, InterfaceError) as error:
            raise CommandError(
                f"{describe_error(error)} Imported data stays. Run the command again to continue."
            ) from error

    def _import(self, path: Path) -> None:
        try:
            import_run = import_dataset(path)
        except AlreadyImportedError as error:
            self.stdout.write(str(error))
            return
        for file, report in by_file(import_run.report).items():
            self.stdout.write(f"{file}: {report}")
        for name, number in totals(import_run).items():
            self.stdout.write(f"{name}: {number:,}")

    def _compute_kpis(self) -> None:
        with tqdm(desc="computing KPIs", unit="period", disable=None) as bar:

            def advance(done: int, jobs: int) -> None:
                bar.total = jobs
                bar.update(done - bar.n)

            # workers take part; wait for what they have claimed
            stale_days.ask_workers()
            with recompute_stale.recompute_lock():
                cells = recompute_stale.recompute_stale(progress=advance, waits=True)
        self.stdout.write(f"{cells:,} KPI values computed")
