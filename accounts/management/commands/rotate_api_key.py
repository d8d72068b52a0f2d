from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.api_keys import rotate_api_key
from accounts.management.commands.create_api_key import expiry
from accounts.models import ApiKey

SPAN = re.compile(r"(\d{1,4})([dh])", re.ASCII)


class Command(BaseCommand):
    help = (
        "Give an API key a new secret and print only that to standard output. The old one works "
        "until the end of the overlap. Sender, scopes and courses stay the same."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="The name of the key.")
        parser.add_argument(
            "--overlap",
            default="7d",
            metavar="TIME",
            help="How long the old secret still works: days, such as 7d, or hours, such as 12h. "
            "0d: it ends now. Default: 7d.",
        )
        parser.add_argument(
            "--expires",
            metavar="DATE",
            help="The last day on which the new secret works, such as 2027-03-31, or a number of "
            "days, such as 90d. Default: as before.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        key = ApiKey.objects.filter(name=options["name"]).first()
        if key is None:
            raise CommandError(f"There is no API key named {options['name']}.")
        chosen = expiry(options["expires"], timezone.localdate())
        try:
            secret = rotate_api_key(
                key,
                overlap=span(options["overlap"]),
                expires_at=chosen or key.expires_at,
                now=timezone.now(),
            )
        except ValueError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(secret)


def span(text: str) -> timedelta:
    """Return a number of days or hours; CommandError for anything else."""
    found = SPAN.fullmatch(text)
    if found is None:
        raise CommandError(f"--overlap {text} is invalid. Enter days such as 7d, or hours as 12h.")
    return timedelta(days=int(found[1])) if found[2] == "d" else timedelta(hours=int(found[1]))
