from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import InterfaceError, OperationalError
from tqdm import tqdm

from core.outages import sentence_of
from engagement.oulad.importing import AlreadyImportedError, import_dataset
from engagement.oulad.lock import BusyError
from engagement.oulad.report import by_file
from engagement.oulad.source import SourceError
from engagement.oulad.totals import totals
from intake.models import ImportRun
from kpis.recompute import recompute_stale, stale_periods


class Command(BaseCommand):
    help = "Import the Open University Learning Analytics Dataset (docs/oulad.md says how)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="The publisher's zip or its unpacked folder.")

    def handle(self, *, path: Path, **options: Any) -> None:
        try:
            self._take_in(path)
            # by an import that was killed before its end too
            if stale_periods.is_anything_stale():
                self._measure()
        except (SourceError, BusyError) as error:
            raise CommandError(str(error)) from error
        except (OperationalError, InterfaceError) as error:
            raise CommandError(
                f"{sentence_of(error)} What is in stays; run the command again, and it goes on."
            ) from error

    def _take_in(self, path: Path) -> None:
        try:
            self._tell(import_dataset(path))
        except AlreadyImportedError as polite:
            self.stdout.write(str(polite))

    def _tell(self, import_run: ImportRun) -> None:
        for file, report in by_file(import_run.report).items():
            self.stdout.write(f"{file}: {report}")
        for name, number in totals(import_run).items():
            self.stdout.write(f"{name}: {number:,}")

    def _measure(self) -> None:
        with tqdm(desc="measuring", unit="period", disable=None) as bar:

            def advance(done: int, jobs: int) -> None:
                bar.total = jobs
                bar.update(done - bar.n)

            # a worker at it would do the same work; then this waits, and finds what is left
            with recompute_stale.recompute_lock():
                cells = recompute_stale.recompute_stale(progress=advance)
        self.stdout.write(f"{cells:,} figures measured")
