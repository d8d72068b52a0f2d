from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from demo import remove
from demo.remove import NobodyElse


class Command(BaseCommand):
    help = "Delete the demonstration data and accounts; what other senders and staff made stays."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-input", action="store_true", help="Do not ask first.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not remove.is_there():
            self.stdout.write("There are no demonstration data here.")
            return
        if not options["no_input"] and not self._is_sure():
            raise CommandError("Nothing was deleted.")
        self.stdout.write("Deleting the demonstration, and computing what is left …")
        self.stdout.flush()
        try:
            remove.remove(timezone.now())
        except NobodyElse:
            raise CommandError(
                "Nobody else could sign in to the admin. Create an account of your own first: "
                "manage.py create_account staff YOU@example.org --superuser"
            ) from None
        self.stdout.write("The demonstration is gone, and will not be loaded again.")

    def _is_sure(self) -> bool:
        answer = input("Delete all demonstration data, and its three accounts? Type yes: ")
        return answer.strip().lower() == "yes"
