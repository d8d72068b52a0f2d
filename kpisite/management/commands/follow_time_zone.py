from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from core.progress_bars import ProgressBars
from intake.management.replay_report import left_as_is
from kpisite import time_zone


class Command(BaseCommand):
    help = (
        "Convert stored days and figures to KPI_TIME_ZONE if they are in another zone. Stop the "
        "servers first. script/server runs this command at each start."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        bars = ProgressBars(is_hidden=options["verbosity"] < 1)
        before = time_zone.stored_zone()
        try:
            is_converted = time_zone.convert(bars.show)
        finally:
            bars.close()
        if is_converted:
            self.stdout.write(f"Converted from {before} to {settings.KPI_TIME_ZONE}.")
            if left := left_as_is():
                self.stdout.write(f"{left} Their days are still those of {before}.")
