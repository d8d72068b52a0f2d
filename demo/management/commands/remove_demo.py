from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from core.progress_bars import ProgressBars
from demo import remove, status
from demo.models import Removal
from demo.remove import NoOtherSuperuser


class Command(BaseCommand):
    help = "Delete the demonstration data and accounts, and keep all other data."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-input", action="store_true", help="Do not ask for confirmation.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not (status.is_loaded() or status.is_loading() or status.is_being_removed()):
            self.stdout.write("There is no demonstration data.")
            return
        if not options["no_input"] and not self._is_confirmed():
            raise CommandError("Nothing was deleted.")
        self.stdout.write("Deleting the demonstration data and recomputing the KPIs …")
        self.stdout.flush()
        bars = ProgressBars(is_hidden=options["verbosity"] < 1)
        try:
            remove.remove(timezone.now(), lambda row: show(row, bars))
        except status.Busy:
            raise CommandError(
                "Another process is loading or removing the demonstration data. Try again when it "
                "has ended."
            ) from None
        except NoOtherSuperuser:
            raise CommandError(
                "There would be no superuser left. Create an account of your own first: "
                "manage.py create_account staff YOU@example.org --superuser"
            ) from None
        finally:
            bars.close()
        self.stdout.write("The demonstration data was deleted and will not be loaded again.")

    def _is_confirmed(self) -> bool:
        try:
            answer = input(
                "Delete all demonstration data and its three accounts? Type yes to confirm: "
            )
        except EOFError:
            raise CommandError("There is no terminal to confirm at. Use --no-input.") from None
        return answer.strip().lower() == "yes"


def show(row: Removal, bars: ProgressBars) -> None:
    bars.show(f"  {row.get_step_display()}", row.done, row.total)
