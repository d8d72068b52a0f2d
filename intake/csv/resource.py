"""Connect django-import-export to the intake of events.

The library provides the steps upload, preview and confirmation. It does not save model instances:
the rows go through intake, as events sent to the API do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.cache import cache
from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext, gettext_lazy
from import_export.formats.base_formats import Format
from import_export.resources import Resource
from import_export.results import Error, Result, RowResult
from import_export.tmp_storages import CacheStorage

from accounts.models import User
from core.database.outages import describe_error
from intake.csv.forms import open_upload
from intake.csv.importing import (
    AlreadyImportedError,
    InvalidRowsError,
    import_file,
    preview,
    sender_for,
)
from intake.csv.reading import EventFile, Row
from intake.csv.report import ImportReport, InvalidRow
from intake.events.batch import ACCEPTED, CONFLICT, DUPLICATE, REJECTED, REPLACED, EventOutcome

SHOWN = 200


class EventCsv(Format):  # type: ignore[misc]
    """The file as bytes; how to read them depends on the event kind that the form chooses."""

    def __init__(self, encoding: str | None = None) -> None:
        self.encoding = encoding

    def get_title(self) -> str:
        return "CSV"

    def create_dataset(self, in_stream: bytes) -> bytes:
        return in_stream

    def can_import(self) -> bool:
        return True


class StoredUpload(CacheStorage):  # type: ignore[misc]
    """An upload that waits for confirmation, in the cache that all web processes share."""

    CACHE_LIFETIME = 3600

    @classmethod
    def exists(cls, name: str) -> bool:
        return bool(cache.has_key(cls.CACHE_PREFIX + name))


class ImportFailedError(Exception):
    """The database failed, so nothing was imported; the text contains the reason."""


class EventRow(RowResult):  # type: ignore[misc]
    """What the import would do with one row."""

    TYPES = {
        ACCEPTED: (RowResult.IMPORT_TYPE_NEW, gettext_lazy("New")),
        DUPLICATE: (RowResult.IMPORT_TYPE_SKIP, gettext_lazy("Already stored")),
        REJECTED: (RowResult.IMPORT_TYPE_INVALID, gettext_lazy("Rejected")),
        CONFLICT: (RowResult.IMPORT_TYPE_INVALID, gettext_lazy("Conflict")),
        REPLACED: (RowResult.IMPORT_TYPE_UPDATE, gettext_lazy("Replaces a stored event")),
    }

    def __init__(self, row: Row, outcome: EventOutcome, file: EventFile) -> None:
        super().__init__()
        self.import_type, self.word = self.TYPES[outcome.status]
        self.line = row.line
        self.invalid_row = InvalidRow.of(row, outcome, file) if self.is_invalid() else None
        self.diff = file.cells_of(row)


class EventResult(Result):  # type: ignore[misc]
    """What the import would do with all rows, and the report."""

    def __init__(self, *, skips_bad: bool) -> None:
        super().__init__()
        self.skips_bad = skips_bad
        self.report = ImportReport()

    def has_validation_errors(self) -> bool:
        return bool(self.report.invalid_rows) and not self.skips_bad

    def add(self, row: EventRow) -> None:
        self.append_row_result(row)
        self.increment_row_result_total(row)

    @property
    def shown(self) -> list[EventRow]:
        """The first rejected rows and the first of the others, in the order of the file."""
        rejected = [row for row in self.rows if row.is_invalid()][:SHOWN]
        others = [row for row in self.rows if not row.is_invalid()][:SHOWN]
        return sorted([*rejected, *others], key=lambda row: row.line)

    @property
    def is_truncated(self) -> bool:
        return len(self.shown) < len(self.rows)


class EventResource(Resource):  # type: ignore[misc]
    """Preview or import the rows of an upload, with the options of the form."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__()
        self.options = options

    @classmethod
    def get_display_name(cls) -> str:
        return gettext("Events")

    def import_data(
        self,
        dataset: bytes,
        *,
        dry_run: bool = False,
        file_name: str = "",
        user: User | None = None,
        **kwargs: Any,
    ) -> EventResult:
        """Preview or import the rows; a failed import is an error in the result."""
        file = open_upload(dataset, file_name, self.options["kind"], self.options)
        result = EventResult(skips_bad=self.options["skips_bad"])
        try:
            self._send(file, result, user, dry_run=dry_run)
        except InvalidRowsError as error:
            result.report = error.report
            result.append_base_error(Error(error))
        except AlreadyImportedError as error:
            result.append_base_error(Error(error))
        except (OperationalError, InterfaceError) as error:
            message = gettext("%(problem)s Nothing was imported; confirm the import again.")
            failed = ImportFailedError(message % {"problem": describe_error(error)})
            result.append_base_error(Error(failed))
        return result

    def _send(
        self, file: EventFile, result: EventResult, user: User | None, *, dry_run: bool
    ) -> None:
        sender = sender_for(self.options["sender"], creates_unknown=self.options["creates_unknown"])
        if not dry_run:
            result.report = import_file(file, sender, skips_bad=result.skips_bad, by=user)
            return
        result.diff_headers = file.names

        def show(row: Row, outcome: EventOutcome) -> None:
            result.add(EventRow(row, outcome, file))

        # a preview shows valid and invalid rows alike
        result.report = preview(file, sender, skips_bad=True, on_row=show)
