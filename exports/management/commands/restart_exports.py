from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from exports.change_log import feed


class Command(BaseCommand):
    help = "Make every copy start again, after an older backup was restored."

    def handle(self, *args: Any, **options: Any) -> None:
        feed.stop()
        self.stdout.write("Every cursor has expired; the next pull of each table starts again.")
