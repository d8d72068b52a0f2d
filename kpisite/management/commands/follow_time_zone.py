from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from core.progress_bars import ProgressBars
from kpisite import time_zone


class Command(BaseCommand):
    help = (
        "Move days and figures to KPI_TIME_ZONE where they are stored in another one. Stop the "
        "servers first; script/server does it by itself."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        bars = ProgressBars(is_hidden=options["verbosity"] < 1)
        before = time_zone.stored()
        try:
            is_moved = time_zone.follow(bars.show)
        finally:
            bars.close()
        if is_moved:
            self.stdout.write(f"Moved from {before} to {settings.KPI_TIME_ZONE}.")
