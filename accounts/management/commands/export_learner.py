from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.learner_exports import exported
from core.external_keys import normalize_key
from curriculum.models import Learner


class Command(BaseCommand):
    help = "Export everything that is held about a learner, as a ZIP file of JSON and CSV files."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("key", help="Key of the learner.")
        parser.add_argument("--to", type=Path, help="The ZIP file; by default learner-ID.zip here.")

    def handle(self, *, key: str, to: Path | None, **options: Any) -> None:
        learner = Learner.objects.filter(key=normalize_key(key)).first()
        if learner is None:
            raise CommandError(f"There is no learner with the key {key}.")
        path = to or Path(f"learner-{learner.pk}.zip")
        content = exported([learner], None)
        try:
            with path.open("xb") as file:
                # before anything is in it: only its owner may read it
                path.chmod(0o600)
                file.write(content)
        except FileExistsError as error:
            raise CommandError(f"{path} exists. Name another file with --to.") from error
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}.") from error
        self.stdout.write(f"Everything held about the learner is in {path}.")
