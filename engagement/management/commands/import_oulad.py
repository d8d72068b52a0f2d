from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from engagement.oulad.importing import AlreadyInError, take_in
from engagement.oulad.lock import BusyError
from engagement.oulad.report import by_file
from engagement.oulad.source import SourceError
from engagement.oulad.totals import totals
from intake.models import ImportRun
from kpis import measure


class Command(BaseCommand):
    help = "Import the Open University Learning Analytics Dataset (docs/oulad.md says how)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="The publisher's zip or its unpacked folder.")

    def handle(self, *, path: Path, **options: Any) -> None:
        try:
            import_run = take_in(path)
        except AlreadyInError as polite:
            self.stdout.write(str(polite))
        except (SourceError, BusyError) as error:
            raise CommandError(str(error)) from error
        else:
            self._tell(import_run)
            self._measure()

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
            with measure.turn():
                cells = measure.measure_dirty(progress=advance)
        self.stdout.write(f"{cells:,} figures measured")
