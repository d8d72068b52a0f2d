from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from exports.documentation import replaced

PAGE = Path("docs") / "bi.md"


class Command(BaseCommand):
    help = "Write the exported tables, as they are declared, into docs/bi.md."

    def handle(self, *args: Any, **options: Any) -> None:
        page = Path(settings.BASE_DIR) / PAGE
        page.write_text(replaced(page.read_text()))
