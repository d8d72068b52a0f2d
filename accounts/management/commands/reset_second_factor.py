from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from accounts.sign_in import second_factor


class Command(BaseCommand):
    help = "Turn off the second factor of somebody who has lost it; they sign in by password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="The e-mail address of the account.")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["email"].strip()).first()
        if user is None:
            raise CommandError(f"There is no account with the address {options['email']}.")
        if not second_factor.is_set_up(user):
            raise CommandError(f"The account {user.email} has no second factor.")
        second_factor.reset(user, by="the command line")
        self.stdout.write(f"The second factor of {user.email} is turned off.")
