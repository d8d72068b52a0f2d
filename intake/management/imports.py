"""What the commands that import files share: options, messages for errors, and the report."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import InterfaceError, OperationalError

from core.database.outages import describe_error
from intake.csv.importing import AlreadyImportedError, InvalidRowsError
from intake.csv.options import FileOptionsError
from intake.csv.report import ImportReport
from intake.files.choices import ChoicesError
from intake.tables.errors import TableError


class ImportCommand(BaseCommand):
    """Import a file, all rows or none; a subclass says how it is read."""

    sender: ClassVar[str] = ""
    sender_help: ClassVar[str]
    replace_help: ClassVar[str]

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--sender", default=self.sender, metavar="NAME", help=self.sender_help)
        parser.add_argument(
            "--create-unknown", action="store_true",
            help="Create unknown learners, courses, runs and modules.",
        )  # fmt: skip
        parser.add_argument(
            "--skip-bad", action="store_true",
            help="Import the valid rows and store the others as rejected events.",
        )  # fmt: skip
        parser.add_argument("--replace", action="store_true", help=self.replace_help)
        parser.add_argument("--dry-run", action="store_true", help="Import nothing, only report.")
        parser.add_argument(
            "--errors", type=Path, metavar="FILE", help="Write all rejected rows to this CSV."
        )

    def handle(self, *, file: Path, **options: Any) -> None:
        try:
            report = self.import_file(file, options)
        except AlreadyImportedError as error:
            self.stdout.write(str(error))
        except (TableError, ChoicesError, FileOptionsError) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"The file {file} cannot be read: {error.strerror}.") from error
        except (OperationalError, InterfaceError) as error:
            raise CommandError(
                f"{describe_error(error)} Nothing was imported; run the command again."
            ) from error
        except InvalidRowsError as error:
            self.show(error.report, options["errors"])
            raise CommandError(str(error)) from None
        else:
            self.show(report, options["errors"])
            note = " This was a dry run; nothing was imported." if options["dry_run"] else ""
            self.stdout.write(f"{file.name}: {report}.{note}")

    @abstractmethod
    def import_file(self, file: Path, options: dict[str, Any]) -> ImportReport:
        """Import the file, or try it if `dry_run`."""

    def show(self, report: ImportReport, errors: Path | None) -> None:
        for left_out in report.left_out:
            self.stdout.write(str(left_out))
        for sentence in report.first():
            self.stderr.write(sentence)
        if errors and report.invalid_rows:
            report.write_invalid_rows(errors)
            self.stderr.write(f"Wrote {len(report.invalid_rows):,} rejected rows to {errors}.")
