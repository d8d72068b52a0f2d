from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts.reader import Reader
from intake.csv.importing import InvalidRowsError, import_file, sender_for
from intake.csv.report import ImportReport
from intake.csv.source import EventSource
from intake.events.senders import Sender
from intake.files.choices import initial
from intake.files.opening import COLUMNS, Opened, open_file
from intake.files.saved import mapping_named, save_mapping
from intake.files.shapes.registry import SHAPES
from intake.files.trial import try_import
from intake.management.imports import ImportCommand
from intake.tables.text import ENCODINGS

# whoever may run commands can read the database
OPERATOR = Reader(
    reads_kpis=True, sees_every_course=True, sees_small_groups=True, course_ids=frozenset()
)


class Command(ImportCommand):
    help = "Import a file as a tool exports it: all rows or none (see docs/files.md)."
    sender_help = "The system that the events come from; by default the name of the shape."
    replace_help = "Let rows of mapped columns replace stored events; those of a tool always do."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="CSV, TSV, JSON, XLSX, ODS, or a ZIP of them.")
        super().add_arguments(parser)
        parser.add_argument(
            "--shape", choices=[*SHAPES, COLUMNS], default="", metavar="NAME",
            help=f"What the file is, if it is not recognized: {', '.join(SHAPES)}; "
            f"or {COLUMNS}, to map its columns.",
        )  # fmt: skip
        parser.add_argument(
            "--choose", action="append", default=[], metavar="NAME=VALUE",
            help="An answer to a question about the file; without one, the question is shown.",
        )  # fmt: skip
        parser.add_argument("--mapping", metavar="NAME", default="", help="Answer as saved before.")
        parser.add_argument("--save-mapping", metavar="NAME", default="", help="Save the answers.")
        parser.add_argument(
            "--encoding", choices=ENCODINGS, default="", help="Of text that is no UTF-8."
        )
        parser.add_argument(
            "--sheet", default="", help="Of a workbook; by default the first filled."
        )
        parser.add_argument(
            "--header-line", type=int, default=0, help="The line of the column names."
        )

    def import_file(self, file: Path, options: dict[str, Any]) -> ImportReport:
        saved = mapping_named(options["mapping"]) if options["mapping"] else None
        opened = open_file(
            lambda: file.open("rb"), file.name,
            shape=options["shape"] or (saved.shape if saved else ""),
            encoding=options["encoding"], sheet=options["sheet"],
            header_line=options["header_line"],
        )  # fmt: skip
        given = dict(saved.answers if saved else {}, **_answers(options["choose"]))
        if options["replace"]:
            given["replace"] = "yes"
        answers = _complete(opened, given)
        sender = options["sender"] or (saved.sender if saved else "") or opened.key
        source = opened.source(answers, sender)
        if options["verbosity"] > 0:
            self.stdout.write(f"{file.name}: {opened.title}.")
        by = sender_for(sender, creates_unknown=options["create_unknown"])
        if options["dry_run"]:
            return self._try(source, by, skips_bad=options["skip_bad"])
        report = import_file(source, by, skips_bad=options["skip_bad"])
        if options["save_mapping"]:
            save_mapping(options["save_mapping"], opened.key, sender, answers)
        return report

    def _try(self, source: EventSource, by: Sender, *, skips_bad: bool) -> ImportReport:
        trial = try_import(source, by, OPERATOR)
        if trial.report.invalid_rows and not skips_bad:
            raise InvalidRowsError(trial.report)
        for one in trial.figures or ():
            self.stdout.write(f"{one.name}: {one.before} before, {one.after} after")
        return trial.report

    def show(self, report: ImportReport, errors: Path | None) -> None:
        for kind, count in sorted(report.kinds.items()):
            self.stdout.write(f"{kind}: {count:,}")
        super().show(report, errors)


def _answers(lines: list[str]) -> dict[str, str]:
    """Parse NAME=VALUE; a name may contain “=”, as a question may."""
    found = {}
    for line in lines:
        name, equals, value = line.rpartition("=")
        if not equals or not name.strip():
            raise CommandError(f"--choose “{line}” must be a name, “=” and a value: course=py.")
        found[name.strip()] = value.strip()
    return found


def _complete(opened: Opened, given: dict[str, str]) -> dict[str, str]:
    """Add the answers that need no person; refuse those to questions that nobody asks."""
    choices = opened.choices(given)
    unknown = sorted(given.keys() - {one.name for one in choices} - {"replace"})
    if unknown:
        names = ", ".join(one.name for one in choices)
        raise CommandError(f"Nothing is asked about “{unknown[0]}”. The questions: {names}.")
    return {**initial(choices), **given}
