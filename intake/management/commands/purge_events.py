from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from intake.purging import purge_events, purgeable


class Command(BaseCommand):
    help = (
        "Delete the events received more than some days ago. Their facts and figures stay, but "
        "can no longer be rebuilt or corrected. Sent again, the events still do not count twice."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--days",
            type=int,
            default=settings.KPI_KEEP_EVENTS_DAYS,
            help="Number of days to keep. Default: KPI_KEEP_EVENTS_DAYS.",
        )

    def handle(self, *, days: int, **options: Any) -> None:
        if days < 1:
            raise CommandError("Set the number of days to keep, such as --days 730.")
        before = timezone.now() - timedelta(days=days)
        total = purgeable(before).count()
        with tqdm(total=total, unit=" events", disable=options["verbosity"] < 1) as bar:
            purged = purge_events(before, progress=bar.update)
        self.stdout.write(f"Events purged: {purged:,}.")
