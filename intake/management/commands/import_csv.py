from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import InterfaceError, OperationalError
from tqdm import tqdm

from core.database.outages import describe_error
from intake.csv.importing import (
    AlreadyImportedError,
    InvalidRowsError,
    import_file,
    preview,
    sender_for,
)
from intake.csv.options import (
    FileOptions,
    FileOptionsError,
    parse_renamed,
    parse_shared,
    parse_zone,
)
from intake.csv.reading import CsvError, EventFile
from intake.csv.report import ImportReport
from intake.event_kinds import KINDS, EventKind


class Command(BaseCommand):
    help = "Import a CSV with events of one kind: all rows or none (see docs/csv.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", help="Such as enrollment.started; see docs/events.md.")
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--sender", default="csv", metavar="NAME",
            help="The system that the events come from; ids are unique per sender.",
        )  # fmt: skip
        parser.add_argument(
            "--create-unknown", action="store_true",
            help="Create unknown learners, courses, runs and modules.",
        )  # fmt: skip
        parser.add_argument(
            "--skip-bad", action="store_true",
            help="Import the valid rows and store the others as rejected events.",
        )  # fmt: skip
        parser.add_argument(
            "--replace", action="store_true",
            help="Let rows replace stored events with the same id.",
        )  # fmt: skip
        parser.add_argument(
            "--time-zone", metavar="ZONE", default="",
            help="The zone of times without an offset and of dates alone, such as Europe/Berlin.",
        )  # fmt: skip
        parser.add_argument(
            "--columns", action="append", default=[], metavar="THEIRS=OURS",
            help="Rename a column; “THEIRS=” ignores it, “*=” ignores all unknown columns.",
        )  # fmt: skip
        parser.add_argument(
            "--set", action="append", default=[], metavar="OURS=VALUE",
            help="A value for all rows, such as course=py.",
        )  # fmt: skip
        parser.add_argument("--dry-run", action="store_true", help="Import nothing, only report.")
        parser.add_argument(
            "--errors", type=Path, metavar="FILE", help="Write all rejected rows to this CSV."
        )

    def handle(self, *, kind: str, file: Path, **options: Any) -> None:
        events = open_file(file, kind_named(kind), options)
        try:
            report = self._import(events, options)
        except AlreadyImportedError as error:
            self.stdout.write(str(error))
        except (OperationalError, InterfaceError) as error:
            raise CommandError(
                f"{describe_error(error)} Nothing was imported; run the command again."
            ) from error
        except InvalidRowsError as error:
            self._show(error.report, options["errors"])
            raise CommandError(str(error)) from None
        else:
            self._show(report, options["errors"])
            note = " This was a dry run; nothing was imported." if options["dry_run"] else ""
            self.stdout.write(f"{file.name}: {report}.{note}")

    def _import(self, file: EventFile, options: dict[str, Any]) -> ImportReport:
        sender = sender_for(options["sender"], creates_unknown=options["create_unknown"])
        skips_bad = options["skip_bad"]
        # None shows the bar on terminals only
        is_quiet = True if options["verbosity"] < 1 else None
        with tqdm(total=file.rows, unit=" rows", disable=is_quiet) as bar:
            if options["dry_run"]:
                return preview(file, sender, skips_bad=skips_bad, progress=bar.update)
            return import_file(file, sender, skips_bad=skips_bad, progress=bar.update)

    def _show(self, report: ImportReport, errors: Path | None) -> None:
        for sentence in report.first():
            self.stderr.write(sentence)
        if errors and report.invalid_rows:
            report.write_invalid_rows(errors)
            self.stderr.write(f"Wrote {len(report.invalid_rows):,} rejected rows to {errors}.")


def kind_named(name: str) -> EventKind:
    if name in KINDS:
        return KINDS[name]
    near = difflib.get_close_matches(name, KINDS, n=3) or sorted(KINDS)
    raise CommandError(f"Unknown event kind {name}. Did you mean: {', '.join(near)}?")


def open_file(path: Path, kind: EventKind, options: dict[str, Any]) -> EventFile:
    try:
        file_options = FileOptions(
            zone=parse_zone(options["time_zone"]) if options["time_zone"] else None,
            renamed=parse_renamed(options["columns"]),
            shared=parse_shared(options["set"]),
            replaces=options["replace"],
        )
        return EventFile(lambda: path.open("rb"), path.name, kind, file_options)
    except OSError as error:
        raise CommandError(f"The file {path} cannot be read: {error.strerror}.") from error
    except (FileOptionsError, CsvError) as error:
        raise CommandError(str(error)) from error
