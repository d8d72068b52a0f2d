"""Forms of the CSV import in the admin: the upload and its confirmation."""

from __future__ import annotations

import io
import zoneinfo
from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext, gettext_lazy
from import_export.forms import ConfirmImportForm, ImportForm

from core import localized
from intake.csv.options import (
    FORM,
    FileOptions,
    FileOptionsError,
    parse_renamed,
    parse_shared,
    parse_zone,
)
from intake.csv.reading import CsvError, EventFile
from intake.event_kinds import KINDS
from intake.models import Event

# the page imports while its visitor waits; larger files need the command
MAX_ROWS = 10_000


def _zones() -> list[tuple[str, str]]:
    zones = sorted(zoneinfo.available_timezones())
    return [("", gettext("As written: each time has an offset")), *((one, one) for one in zones)]


def _kinds() -> list[tuple[str, str]]:
    return [(name, name) for name in sorted(KINDS)]


class FileOptionsForm(forms.Form):
    """How to import a file; chosen with the upload and repeated by the confirmation."""

    kind = forms.ChoiceField(
        choices=_kinds,
        label=gettext_lazy("Kind"),
        help_text=gettext_lazy("The event kind of all rows."),
    )
    sender = forms.CharField(
        max_length=Event._meta.get_field("sender").max_length,
        initial="csv",
        label=gettext_lazy("Sender"),
        help_text=gettext_lazy(
            "The system that the events come from. The same id of the same sender is the same "
            "event."
        ),
    )
    creates_unknown = forms.BooleanField(
        required=False,
        label=gettext_lazy("Create unknown items"),
        help_text=gettext_lazy(
            "Create learners, courses, runs and modules that the file names but that do not exist."
        ),
    )
    skips_bad = forms.BooleanField(
        required=False,
        label=gettext_lazy("Skip invalid rows"),
        help_text=gettext_lazy(
            "Import the valid rows and store the others as rejected events, to be corrected."
        ),
    )
    replaces = forms.BooleanField(
        required=False,
        label=gettext_lazy("Replace stored events"),
        help_text=gettext_lazy(
            "A row replaces the stored event with its id; otherwise a row that differs from it is "
            "rejected."
        ),
    )
    zone = forms.ChoiceField(
        choices=_zones,
        required=False,
        label=gettext_lazy("Time zone"),
        help_text=gettext_lazy(
            "For times without an offset. Dates alone and seconds since 1970 are then accepted too."
        ),
    )
    columns = forms.CharField(
        required=False,
        label=gettext_lazy("Columns"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy(
            "One per line: “Their name=our name” renames a column, “Their name=” ignores it, "
            "“*=” ignores all unknown columns."
        ),
    )
    shared = forms.CharField(
        required=False,
        label=gettext_lazy("Values for all rows"),
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Such as course=py, one per line."),
    )


class EventImportForm(FileOptionsForm, ImportForm):  # type: ignore[misc]
    """The upload; invalid if the file as a whole cannot be read."""

    field_order = (
        *("kind", "import_file", "sender", "creates_unknown", "skips_bad", "replaces"),
        *("zone", "columns", "shared"),
    )

    def __init__(self, formats: Any, resources: Any, **kwargs: Any) -> None:
        super().__init__(formats, resources, **kwargs)
        self.fields["import_file"].label = gettext("File")
        self.fields["import_file"].widget.attrs["accept"] = ".csv,.tsv,.txt,text/csv"
        # there is only one format
        self.fields["format"].widget = forms.HiddenInput()

    @property
    def media(self) -> forms.Media:
        # without the library's script, which guesses the format
        return FileOptionsForm.media.__get__(self)  # type: ignore[no-any-return]

    def clean_import_file(self) -> UploadedFile[Any]:
        file: UploadedFile[Any] = self.cleaned_data["import_file"]
        if (file.size or 0) > settings.KPI_MAX_BODY_MB * 1024 * 1024:
            raise forms.ValidationError(
                gettext(
                    "The file is larger than %(limit)s MB. Import it with the command import_csv."
                )
                % {"limit": settings.KPI_MAX_BODY_MB}
            )
        return file

    def clean(self) -> dict[str, Any]:
        super().clean()
        cleaned: dict[str, Any] = self.cleaned_data
        kind, upload = cleaned.get("kind"), cleaned.get("import_file")
        if kind and upload:
            try:
                self._check_length(open_upload(upload.read(), upload.name, kind, cleaned))
            except FileOptionsError as error:
                self.add_error("columns", str(error))
            except CsvError as error:
                self.add_error("import_file", str(error).splitlines())
            upload.seek(0)
        return cleaned

    def _check_length(self, file: EventFile) -> None:
        if file.rows > MAX_ROWS:
            message = gettext(
                "%(file)s has %(rows)s rows; the maximum here is %(limit)s. "
                "Import it with the command import_csv."
            )
            values = {
                "file": file.name,
                "rows": localized.number(file.rows),
                "limit": localized.number(MAX_ROWS),
            }
            self.add_error("import_file", message % values)


class EventConfirmForm(FileOptionsForm, ConfirmImportForm):  # type: ignore[misc]
    """The options of the upload, as hidden fields."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for field in self.fields.values():
            field.widget = forms.HiddenInput()


def open_upload(
    content: bytes, name: str, kind: str, chosen: Mapping[str, Any] | None = None
) -> EventFile:
    """Open an upload with the options of the form; raises CsvError or FileOptionsError."""
    chosen = chosen or {}
    options = FileOptions(
        zone=parse_zone(zone) if (zone := chosen.get("zone")) else None,
        renamed=parse_renamed(_lines(chosen.get("columns"))),
        shared=parse_shared(_lines(chosen.get("shared"))),
        replaces=bool(chosen.get("replaces")),
        names=FORM,
    )
    return EventFile(lambda: io.BytesIO(content), name, KINDS[kind], options)


def _lines(text: str | None) -> list[str]:
    return [line for line in (text or "").splitlines() if line.strip()]
