from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import InterfaceError, OperationalError
from tqdm import tqdm

from core.outages import describe_error
from intake.csv.importing import (
    AlreadyImportedError,
    InvalidRowsError,
    import_file,
    preview,
    sender_for,
)
from intake.csv.options import FileOptions, FileOptionsError, names_of, shared_of, zone_named
from intake.csv.reading import CsvError, EventFile
from intake.csv.report import ImportReport
from intake.event_kinds import KINDS, EventKind


class Command(BaseCommand):
    help = "Take in a CSV of events of one kind: all rows or none (docs/csv.md says how)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", help="Such as enrollment.started; docs/events.md has all.")
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--sender", default="csv", metavar="NAME",
            help="Whose events these are: the same id of the same sender is the same event.",
        )  # fmt: skip
        parser.add_argument(
            "--create-unknown", action="store_true",
            help="Make learners, courses, runs and modules that are not known.",
        )  # fmt: skip
        parser.add_argument(
            "--skip-bad", action="store_true",
            help="Take the good rows and keep the others as refused events.",
        )  # fmt: skip
        parser.add_argument(
            "--replace", action="store_true",
            help="Let a row whose id is in with other content take its place.",
        )  # fmt: skip
        parser.add_argument(
            "--time-zone", metavar="ZONE", default="",
            help="The zone of times without an offset and of days alone, such as Europe/Berlin.",
        )  # fmt: skip
        parser.add_argument(
            "--columns", action="append", default=[], metavar="THEIRS=OURS",
            help="What a column is called here; “THEIRS=” leaves it out, “*=” all others.",
        )  # fmt: skip
        parser.add_argument(
            "--set", action="append", default=[], metavar="OURS=VALUE",
            help="What every row says, such as course=py.",
        )  # fmt: skip
        parser.add_argument("--dry-run", action="store_true", help="Only tell what would come.")
        parser.add_argument(
            "--errors", type=Path, metavar="FILE", help="Write all refused rows to this CSV."
        )

    def handle(self, *, kind: str, file: Path, **options: Any) -> None:
        opened = opened_file(file, kind_named(kind), options)
        try:
            report = self._send(opened, options)
        except AlreadyImportedError as polite:
            self.stdout.write(str(polite))
        except (OperationalError, InterfaceError) as error:
            raise CommandError(
                f"{describe_error(error)} Nothing was taken; run the command again."
            ) from error
        except InvalidRowsError as error:
            self._tell(error.report, options["errors"])
            raise CommandError(str(error)) from None
        else:
            self._tell(report, options["errors"])
            would = " That is what would come; nothing was taken." if options["dry_run"] else ""
            self.stdout.write(f"{file.name}: {report}.{would}")

    def _send(self, file: EventFile, options: dict[str, Any]) -> ImportReport:
        sender = sender_for(options["sender"], creates_unknown=options["create_unknown"])
        skips_bad = options["skip_bad"]
        # None shows the bar to a terminal only
        with tqdm(total=file.rows, unit=" rows", disable=_quiet(options)) as bar:
            if options["dry_run"]:
                return preview(file, sender, skips_bad=skips_bad, progress=bar.update)
            return import_file(file, sender, skips_bad=skips_bad, progress=bar.update)

    def _tell(self, report: ImportReport, errors: Path | None) -> None:
        for sentence in report.first():
            self.stderr.write(sentence)
        if errors and report.misfits:
            report.write_misfits(errors)
            self.stderr.write(f"All {len(report.misfits):,} refused rows are told in {errors}.")


def _quiet(options: dict[str, Any]) -> bool | None:
    return True if options["verbosity"] < 1 else None


def kind_named(name: str) -> EventKind:
    if name in KINDS:
        return KINDS[name]
    near = difflib.get_close_matches(name, KINDS, n=3) or sorted(KINDS)
    raise CommandError(f"There is no kind {name}; there is {', '.join(near)}.")


def opened_file(path: Path, kind: EventKind, options: dict[str, Any]) -> EventFile:
    try:
        choices = FileOptions(
            zone=zone_named(options["time_zone"]) if options["time_zone"] else None,
            names=names_of(options["columns"]),
            shared=shared_of(options["set"]),
            replaces=options["replace"],
        )
        return EventFile(lambda: path.open("rb"), path.name, kind, choices)
    except (FileOptionsError, CsvError, OSError) as error:
        raise CommandError(str(error)) from error
