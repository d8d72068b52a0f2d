from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from demo import remove, status
from demo.remove import NoOtherSuperuser


class Command(BaseCommand):
    help = "Delete the demonstration data and accounts, and keep all other data."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-input", action="store_true", help="Do not ask for confirmation.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not (status.is_loaded() or status.is_loading()):
            self.stdout.write("There is no demonstration data.")
            return
        if not options["no_input"] and not self._is_confirmed():
            raise CommandError("Nothing was deleted.")
        self.stdout.write("Deleting the demonstration data and recomputing the KPIs …")
        self.stdout.flush()
        try:
            remove.remove(timezone.now())
        except NoOtherSuperuser:
            raise CommandError(
                "There would be no superuser left. Create an account of your own first: "
                "manage.py create_account staff YOU@example.org --superuser"
            ) from None
        self.stdout.write("The demonstration data was deleted and will not be loaded again.")

    def _is_confirmed(self) -> bool:
        try:
            answer = input(
                "Delete all demonstration data and its three accounts? Type yes to confirm: "
            )
        except EOFError:
            raise CommandError("There is no terminal to confirm at. Use --no-input.") from None
        return answer.strip().lower() == "yes"
