"""An import taken back: its events go, and all figures follow."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.db import transaction
from django.utils import timezone

from intake.models import Event, ImportRun
from intake.receiving.corrections import retract_events

AT_ONCE = 5_000

Progress = Callable[[int], object]


class UndoError(Exception):
    """The import cannot be taken back; the text says why."""


def undo_import(pk: int, *, progress: Progress = lambda done: None) -> int:
    """Take back the events that a CSV brought in, in one transaction; returns how many."""
    with transaction.atomic():
        run = _undoable(pk)
        now, gone = timezone.now(), 0
        for events in _chunks(run):
            retract_events(events, now=now)
            gone += len(events)
            progress(len(events))
        run.status = ImportRun.Status.UNDONE
        run.save(update_fields=["status"])
    return gone


def _undoable(pk: int) -> ImportRun:
    run = ImportRun.objects.select_for_update().filter(pk=pk).first()
    if run is None:
        raise UndoError(f"There is no import {pk}.")
    if not run.is_csv:
        raise UndoError(f"Import {pk} is no CSV of events; only those are undone by this.")
    if run.status != ImportRun.Status.DONE:
        raise UndoError(f"Import {pk} is {run.get_status_display().lower()}: nothing to undo.")
    return run


def _chunks(run: ImportRun) -> Iterator[list[Event]]:
    """Its events, those of one enrollment together; each chunk is gone when the next is read."""
    rows = Event.objects.filter(import_run=run).order_by("enrollment", "pk")
    while events := list(rows[:AT_ONCE]):
        yield events
