from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.management.addresses import account_of, add_address
from accounts.sign_in import second_factor, second_factor_links


class Command(BaseCommand):
    help = "Print a link to set up a second factor that is required, where no e-mail can be sent."

    def add_arguments(self, parser: CommandParser) -> None:
        add_address(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        user = account_of(options["email"])
        if second_factor.is_set_up(user):
            raise CommandError(f"The account {user.email} has a second factor; reset it first.")
        self.stdout.write(second_factor_links.link_of(user))
