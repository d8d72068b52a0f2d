from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from intake.models import Event, ImportRun
from intake.undo_import import UndoError, undo_import


class Command(BaseCommand):
    help = "Delete the events of a CSV import; without a number, list the imports."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("number", type=int, nargs="?", help="Number of the import.")

    def handle(self, *, number: int | None, **options: Any) -> None:
        if number is None:
            self._list()
            return
        total = Event.objects.filter(import_run=number).count()
        try:
            with tqdm(total=total, unit=" events", disable=options["verbosity"] < 1) as bar:
                gone = undo_import(number, progress=bar.update)
        except UndoError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"Undid import {number}. Events deleted: {gone:,}.")

    def _list(self) -> None:
        for run in ImportRun.objects.of_events().order_by("pk"):
            self.stdout.write(f"{run.pk}  {run.started_at:%Y-%m-%d %H:%M}  {run.status}  {run}")
