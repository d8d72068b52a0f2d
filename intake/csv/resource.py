"""Events as django-import-export sees them: a file that goes through the door, not row by row.

The library would save a model's instances. Here it leads staff from the upload over the preview to
the confirmation; what a row means, and whether it gets in, is the door's business alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.cache import cache
from django.db import InterfaceError, OperationalError
from import_export.formats.base_formats import Format
from import_export.resources import Resource
from import_export.results import Error, Result, RowResult
from import_export.tmp_storages import CacheStorage

from accounts.models import User
from core.outages import describe_error
from intake.csv.forms import opened
from intake.csv.importing import (
    AlreadyImportedError,
    InvalidRowsError,
    import_file,
    preview,
    sender_for,
)
from intake.csv.reading import EventFile, Row
from intake.csv.report import ImportReport, InvalidRow
from intake.events.outcomes import ACCEPTED, CONFLICT, DUPLICATE, REJECTED, REPLACED, EventOutcome

SHOWN = 200


class EventCsv(Format):  # type: ignore[misc]
    """The file as it is: what its bytes mean depends on the kind, and so on the form."""

    def __init__(self, encoding: str | None = None) -> None:
        self.encoding = encoding

    def get_title(self) -> str:
        return "CSV"

    def create_dataset(self, in_stream: bytes) -> bytes:
        return in_stream

    def can_import(self) -> bool:
        return True


class HeldFile(CacheStorage):  # type: ignore[misc]
    """An upload that waits to be confirmed, where every web process finds it."""

    CACHE_LIFETIME = 3600

    @classmethod
    def is_there(cls, name: str) -> bool:
        return bool(cache.has_key(cls.CACHE_PREFIX + name))


class UndoneError(Exception):
    """The database gave up, and so nothing was taken; the text says why."""


class EventRow(RowResult):  # type: ignore[misc]
    """What would become of one row."""

    TYPES = {
        ACCEPTED: (RowResult.IMPORT_TYPE_NEW, "New"),
        DUPLICATE: (RowResult.IMPORT_TYPE_SKIP, "In already"),
        REJECTED: (RowResult.IMPORT_TYPE_INVALID, "Refused"),
        CONFLICT: (RowResult.IMPORT_TYPE_INVALID, "Conflict"),
        REPLACED: (RowResult.IMPORT_TYPE_UPDATE, "In place of another"),
    }

    def __init__(self, row: Row, outcome: EventOutcome, file: EventFile) -> None:
        super().__init__()
        self.import_type, self.word = self.TYPES[outcome.status]
        self.line = row.line
        self.misfit = InvalidRow.of(row, outcome, file) if self.is_invalid() else None
        self.diff = file.cells_of(row)


class EventResult(Result):  # type: ignore[misc]
    """What would become of all rows, and the report of it."""

    def __init__(self, *, skips_bad: bool) -> None:
        super().__init__()
        self.skips_bad = skips_bad
        self.report = ImportReport()

    def has_validation_errors(self) -> bool:
        return bool(self.report.misfits) and not self.skips_bad

    def add(self, row: EventRow) -> None:
        self.append_row_result(row)
        self.increment_row_result_total(row)

    @property
    def shown(self) -> list[EventRow]:
        """The first refused rows and the first of the others, as they stand in the file."""
        refused = [row for row in self.rows if row.is_invalid()][:SHOWN]
        others = [row for row in self.rows if not row.is_invalid()][:SHOWN]
        return sorted([*refused, *others], key=lambda row: row.line)

    @property
    def is_cut(self) -> bool:
        return len(self.shown) < len(self.rows)


class EventResource(Resource):  # type: ignore[misc]
    """The rows of an upload, on their way through the door by what the form chose."""

    def __init__(self, choices: Mapping[str, Any]) -> None:
        super().__init__()
        self.choices = choices

    @classmethod
    def get_display_name(cls) -> str:
        return "Events"

    def import_data(
        self,
        dataset: bytes,
        *,
        dry_run: bool = False,
        file_name: str = "",
        user: User | None = None,
        **kwargs: Any,
    ) -> EventResult:
        """Rehearse, or take the rows in; why they could not be taken is an error of the result."""
        file = opened(dataset, file_name, self.choices["kind"], self.choices)
        result = EventResult(skips_bad=self.choices["skips_bad"])
        try:
            self._send(file, result, user, dry_run=dry_run)
        except InvalidRowsError as error:
            result.report = error.report
            result.append_base_error(Error(error))
        except AlreadyImportedError as error:
            result.append_base_error(Error(error))
        except (OperationalError, InterfaceError) as error:
            told = UndoneError(f"{describe_error(error)} Nothing was taken; confirm it again.")
            result.append_base_error(Error(told))
        return result

    def _send(
        self, file: EventFile, result: EventResult, user: User | None, *, dry_run: bool
    ) -> None:
        sender = sender_for(self.choices["sender"], creates_unknown=self.choices["creates_unknown"])
        if not dry_run:
            result.report = import_file(file, sender, skips_bad=result.skips_bad, by=user)
            return
        result.diff_headers = file.names

        def show(row: Row, outcome: EventOutcome) -> None:
            result.add(EventRow(row, outcome, file))

        # a preview shows good and bad rows alike
        result.report = preview(file, sender, skips_bad=True, seen=show)
