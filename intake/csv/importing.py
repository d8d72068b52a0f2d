"""A CSV through the one door: all its rows or none, unless the bad ones may be left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from django.db import transaction
from django.utils import timezone

from accounts.models import ApiKey, User
from intake.csv.reading import EventFile, Row
from intake.csv.report import ImportReport
from intake.events.outcomes import EventOutcome
from intake.events.senders import Sender
from intake.models import CSV, ImportRun
from intake.receiving.receive import receive

AT_ONCE = 5_000
SCOPES = frozenset(ApiKey.Scope.values)

Progress = Callable[[int], object]
Seen = Callable[[Row, EventOutcome], object]


class AlreadyImportedError(Exception):
    """This file was imported before; the text says when."""


class InvalidRowsError(Exception):
    """Rows were refused, and so nothing was taken; the report tells them all."""

    def __init__(self, report: ImportReport) -> None:
        super().__init__(f"{report}. Nothing was taken.")
        self.report = report


def sender_for(name: str, *, creates_unknown: bool = False) -> Sender:
    """Who the events come from: ids are unique within the name, as for an API key of that name.

    Whoever may import may tell events of every kind and course.
    """
    key = ApiKey.objects.filter(name=name, revoked_at=None).first()
    makes = creates_unknown or bool(key and key.creates_unknown)
    return Sender(name, creates_unknown=makes, scopes=SCOPES)


def import_file(
    file: EventFile,
    sender: Sender,
    *,
    skips_bad: bool = False,
    by: User | None = None,
    progress: Progress = lambda done: None,
) -> ImportReport:
    """Take the rows of a file in one transaction; refused ones are kept apart if `skips_bad`.

    MisfitsError when rows are refused and not skipped, AlreadyInError when the file is in: both
    change nothing. OperationalError when the database gave way to another writer: try again.
    """
    try:
        with transaction.atomic():
            run = _begin(file, by)
            report = _send(file, sender, run=run, keeps_rejected=skips_bad, progress=progress)
            if report.misfits and not skips_bad:
                raise InvalidRowsError(report)
            _end(run, ImportRun.Status.DONE, report)
    except InvalidRowsError as error:
        _note_failure(file, by, error)
        raise
    return report


def preview(
    file: EventFile,
    sender: Sender,
    *,
    skips_bad: bool = False,
    progress: Progress = lambda done: None,
    seen: Seen = lambda row, outcome: None,
) -> ImportReport:
    """Tell what an import would do, by doing it and undoing it; `seen` is told row by row.

    MisfitsError when an import would raise it.
    """
    with transaction.atomic():
        report = _send(file, sender, keeps_rejected=False, progress=progress, seen=seen)
        transaction.set_rollback(True)
    if report.misfits and not skips_bad:
        raise InvalidRowsError(report)
    return report


def _begin(file: EventFile, by: User | None) -> ImportRun:
    """The run of this file: in the rows' transaction, so that a run cut off leaves nothing."""
    run, _ = ImportRun.objects.select_for_update().get_or_create(
        kind=kind_of(file),
        digest=file.digest,
        defaults={"source": file.name[:255], "started_by": by},
    )
    if run.status == ImportRun.Status.DONE:
        raise AlreadyImportedError(
            f"{file.name} was imported on {run.finished_at:%Y-%m-%d} as import {run.pk} already; "
            f"nothing was changed. To take it in otherwise, undo it first: undo_import {run.pk}."
        )
    run.started_at, run.started_by = timezone.now(), by
    return run


def kind_of(file: EventFile) -> str:
    return f"{CSV}{file.kind.name}"[:50]


def _end(run: ImportRun, status: ImportRun.Status, report: ImportReport, error: str = "") -> None:
    run.status, run.error, run.finished_at = status, error, timezone.now()
    run.report = {run.kind: report.as_json()}
    run.save()


@transaction.atomic
def _note_failure(file: EventFile, by: User | None, error: InvalidRowsError) -> None:
    _end(_begin(file, by), ImportRun.Status.FAILED, error.report, str(error))


def _send(
    file: EventFile,
    sender: Sender,
    *,
    run: ImportRun | None = None,
    keeps_rejected: bool,
    progress: Progress,
    seen: Seen = lambda row, outcome: None,
) -> ImportReport:
    report, now = ImportReport(), timezone.now()
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
            seen(row, outcome)
        progress(len(rows))
    return report


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    coming = iter(rows)
    while some := list(islice(coming, AT_ONCE)):
        yield some
