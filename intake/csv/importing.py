"""Import a CSV of events: all rows or none, unless invalid rows are to be skipped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from accounts.models import ApiKey, User
from core import localized
from core.garbage import collect_new, without_collections
from intake.csv.report import ImportReport
from intake.csv.source import EventSource, Row
from intake.events.batch import EventOutcome
from intake.events.senders import Sender
from intake.models import ImportRun
from intake.receiving.receive import receive

CHUNK_SIZE = 5_000
SCOPES = frozenset(ApiKey.Scope.values)

Progress = Callable[[int], object]
OnRow = Callable[[Row, EventOutcome], object]


class AlreadyImportedError(Exception):
    """This file has been imported before; the text contains the date."""


class InvalidRowsError(Exception):
    """Rows were rejected, so nothing was imported; the report lists them."""

    def __init__(self, report: ImportReport) -> None:
        super().__init__(gettext("%(report)s. Nothing was imported.") % {"report": report})
        self.report = report


def sender_for(name: str, *, creates_unknown: bool = False) -> Sender:
    """Return the sender of imported events: the same as that of an API key with this name.

    An import may contain events of every kind and course.
    """
    key = ApiKey.objects.filter(name=name, revoked_at=None).first()
    may_create = creates_unknown or bool(key and key.creates_unknown)
    return Sender(name, creates_unknown=may_create, scopes=SCOPES, door="file")


def import_file(
    file: EventSource,
    sender: Sender,
    *,
    skips_bad: bool = False,
    by: User | None = None,
    progress: Progress = lambda done: None,
) -> ImportReport:
    """Import the rows of a file in one transaction.

    Rejected rows are stored as rejected events with `skips_bad`; else they raise InvalidRowsError
    and nothing is imported. Raises AlreadyImportedError for a file that has been imported, and
    OperationalError if the database was busy with another writer; the import can be repeated.
    """
    try:
        with transaction.atomic():
            run = _begin(file, by)
            report = _send(file, sender, run=run, keeps_rejected=skips_bad, progress=progress)
            if report.invalid_rows and not skips_bad:
                raise InvalidRowsError(report)
            _end(run, ImportRun.Status.DONE, report)
    except InvalidRowsError as error:
        _note_failure(file, by, error)
        raise
    return report


def preview(
    file: EventSource,
    sender: Sender,
    *,
    skips_bad: bool = False,
    progress: Progress = lambda done: None,
    on_row: OnRow = lambda row, outcome: None,
    at_end: Callable[[], object] = lambda: None,
) -> ImportReport:
    """Report what an import would do, by importing the rows and rolling back.

    Calls `on_row` for each row, and `at_end` before all is rolled back; raises InvalidRowsError
    if the import would raise it.
    """
    with transaction.atomic():
        report = _send(file, sender, keeps_rejected=False, progress=progress, on_row=on_row)
        at_end()
        transaction.set_rollback(True)
    if report.invalid_rows and not skips_bad:
        raise InvalidRowsError(report)
    return report


def _begin(file: EventSource, by: User | None) -> ImportRun:
    """Create the run of this file, in the transaction of its rows; a failed import leaves none."""
    run, _ = ImportRun.objects.select_for_update().get_or_create(
        kind=file.import_kind,
        digest=file.digest,
        defaults={"source": file.name[:255], "started_by": by},
    )
    if run.status == ImportRun.Status.DONE:
        message = gettext(
            "%(file)s was imported on %(date)s as import %(number)s; nothing was changed. To "
            "import it with other options, first undo that import (undo_import %(number)s)."
        )
        date = localized.day(run.finished_at) if run.finished_at else ""
        raise AlreadyImportedError(message % {"file": file.name, "date": date, "number": run.pk})
    run.started_at, run.started_by = timezone.now(), by
    return run


def _end(run: ImportRun, status: ImportRun.Status, report: ImportReport, error: str = "") -> None:
    run.status, run.error, run.finished_at = status, error, timezone.now()
    run.report = {run.kind: report.as_json()}
    run.save()


@transaction.atomic
def _note_failure(file: EventSource, by: User | None, error: InvalidRowsError) -> None:
    _end(_begin(file, by), ImportRun.Status.FAILED, error.report, str(error))


def _send(
    file: EventSource,
    sender: Sender,
    *,
    run: ImportRun | None = None,
    keeps_rejected: bool,
    progress: Progress,
    on_row: OnRow = lambda row, outcome: None,
) -> ImportReport:
    report, now = ImportReport(counts_rows=file.has_one_event_per_row), timezone.now()
    with without_collections():
        for rows in _chunks(file):
            outcomes = receive(
                [row.raw for row in rows],
                sender,
                now=now,
                keeps_rejected=keeps_rejected,
                import_run=run.pk if run else None,
            )
            report.add(rows, outcomes, file)
            for row, outcome in zip(rows, outcomes, strict=True):
                on_row(row, outcome)
            progress(len(rows))
            collect_new()
    report.left_out = list(file.left_out)
    return report


def _chunks(file: Iterable[Row]) -> Iterator[list[Row]]:
    rows = iter(file)
    while chunk := list(islice(rows, CHUNK_SIZE)):
        yield chunk
