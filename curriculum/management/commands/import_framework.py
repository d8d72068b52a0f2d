from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from curriculum.framework_files.importing import (
    ImportReport,
    StaleFileError,
    import_framework,
    read,
)
from curriculum.framework_files.records import FrameworkFileError


class Command(BaseCommand):
    help = "Import courses, modules and skills from JSON or CSV: all or nothing (docs/framework.md)"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="Only show what would change.")
        parser.add_argument(
            "--force",
            action="store_true",
            help="Import a file although the structure changed since its export.",
        )

    def handle(self, *, file: Path, dry_run: bool, force: bool, **_: Any) -> None:
        try:
            framework = read(file.read_bytes().decode(), name=file.name)
            report = import_framework(framework, is_dry_run=dry_run, is_forced=force)
        except (OSError, UnicodeDecodeError, FrameworkFileError, StaleFileError) as error:
            raise CommandError(str(error)) from error
        for line in _lines(report):
            self.stdout.write(line)


def _lines(report: ImportReport) -> list[str]:
    if not report.has_changes:
        return ["Nothing changes."]
    sentences = [
        one.sentence
        for one in (
            *(one for course in report.courses for one in course.differences),
            *report.skills,
        )
    ]
    return [*sentences, "Dry run: nothing was changed." if report.is_dry_run else "Imported."]
