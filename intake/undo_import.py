"""Undo the import of a file: delete its events and their facts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from core import changes
from intake.facts import rebuildable
from intake.models import Event, ImportRun
from intake.receiving.corrections import retract_events

CHUNK_SIZE = 5_000

Progress = Callable[[int], object]


class UndoError(Exception):
    """The import cannot be undone; the text contains the reason."""


def undo_import(pk: int, *, progress: Progress = lambda done: None) -> int:
    """Delete the events of an import in one transaction; return how many."""
    with transaction.atomic():
        run = _undoable(pk)
        now, gone = timezone.now(), 0
        for events in _chunks(run):
            if rebuildable.beyond_horizon(events):
                message = gettext(
                    "Import %(number)s cannot be undone. Its events affect enrollments or payments "
                    "of which other events have been purged."
                )
                raise UndoError(message % {"number": pk})
            with changes.gathered() as gathered:
                retract_events(events, now=now, changes=gathered)
            gone += len(events)
            progress(len(events))
        run.status = ImportRun.Status.UNDONE
        run.save(update_fields=["status"])
    return gone


def _undoable(pk: int) -> ImportRun:
    run = ImportRun.objects.select_for_update().filter(pk=pk).first()
    if run is None:
        raise UndoError(gettext("There is no import %(number)s.") % {"number": pk})
    if not run.brings_events:
        message = gettext("Import %(number)s is not of a file of events and cannot be undone.")
        raise UndoError(message % {"number": pk})
    if run.status != ImportRun.Status.DONE:
        message = gettext("Import %(number)s cannot be undone. Its status is “%(status)s”.")
        raise UndoError(message % {"number": pk, "status": run.get_status_display()})
    if run.has_purged_events:
        message = gettext(
            "Import %(number)s cannot be undone. Some of its events have been purged, "
            "and their facts could not be rebuilt."
        )
        raise UndoError(message % {"number": pk})
    return run


def _chunks(run: ImportRun) -> Iterator[list[Event]]:
    """Yield the events grouped by enrollment; each chunk is deleted before the next is read."""
    rows = Event.objects.filter(import_run=run).order_by("enrollment", "pk")
    while events := list(rows[:CHUNK_SIZE]):
        yield events
