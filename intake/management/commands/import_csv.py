from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from tqdm import tqdm

from intake.csv.importing import import_file, preview, sender_for
from intake.csv.options import FileOptions, parse_renamed, parse_shared, parse_zone
from intake.csv.reading import EventFile
from intake.csv.report import ImportReport
from intake.event_kinds import KINDS, EventKind
from intake.management.imports import ImportCommand
from intake.tables.text import TextTable


class Command(ImportCommand):
    help = "Import a CSV with events of one kind: all rows or none (see docs/csv.md)."
    sender = "csv"
    sender_help = "The system that the events come from; ids are unique per sender."
    replace_help = "Let rows replace stored events with the same id."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", help="Such as enrollment.started; see docs/events.md.")
        parser.add_argument("file", type=Path)
        super().add_arguments(parser)
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

    def import_file(self, file: Path, options: dict[str, Any]) -> ImportReport:
        events = open_file(file, kind_named(options["kind"]), options)
        sender = sender_for(options["sender"], creates_unknown=options["create_unknown"])
        skips_bad = options["skip_bad"]
        # None shows the bar on terminals only
        is_quiet = True if options["verbosity"] < 1 else None
        with tqdm(total=events.rows, unit=" rows", disable=is_quiet) as bar:
            if options["dry_run"]:
                return preview(events, sender, skips_bad=skips_bad, progress=bar.update)
            return import_file(events, sender, skips_bad=skips_bad, progress=bar.update)


def kind_named(name: str) -> EventKind:
    if name in KINDS:
        return KINDS[name]
    near = difflib.get_close_matches(name, KINDS, n=3) or sorted(KINDS)
    raise CommandError(f"Unknown event kind {name}. Did you mean: {', '.join(near)}?")


def open_file(path: Path, kind: EventKind, options: dict[str, Any]) -> EventFile:
    file_options = FileOptions(
        zone=parse_zone(options["time_zone"]) if options["time_zone"] else None,
        renamed=parse_renamed(options["columns"]),
        shared=parse_shared(options["set"]),
        replaces=options["replace"],
    )
    return EventFile(TextTable(lambda: path.open("rb"), path.name), kind, file_options)
