from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.management.addresses import account_of, add_address
from accounts.sign_in import second_factor


class Command(BaseCommand):
    help = "Turn off the second factor of somebody who has lost it; they sign in by password."

    def add_arguments(self, parser: CommandParser) -> None:
        add_address(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        user = account_of(options["email"])
        if not second_factor.is_set_up(user):
            raise CommandError(f"The account {user.email} has no second factor.")
        second_factor.reset(user, by="the command line")
        self.stdout.write(f"The second factor of {user.email} is turned off.")
