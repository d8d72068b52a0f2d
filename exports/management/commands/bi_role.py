from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from exports import bi_role


class Command(BaseCommand):
    help = (
        "Create a role of PostgreSQL that can read the views bi_* and nothing else, and print only "
        "its password, which is not stored. For a role that exists, set and print a new one."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="The role, such as metabase.")
        parser.add_argument("--remove", action="store_true", help="Remove the role instead.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["remove"]:
                bi_role.remove(options["name"])
            else:
                self.stdout.write(bi_role.create(options["name"]))
        except ValueError as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            raise CommandError(
                f"PostgreSQL refused: {error}".strip()
                + ". The product's own role needs CREATEROLE for this."
            ) from error
