"""What staff are asked when they bring a CSV to the admin."""

from __future__ import annotations

import io
import zoneinfo
from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from import_export.forms import ConfirmImportForm, ImportForm

from intake.csv.options import FORM, FileOptions, FileOptionsError, names_of, shared_of, zone_named
from intake.csv.reading import CsvError, EventFile
from intake.event_kinds import KINDS
from intake.models import Event

# a page that answers while its visitor waits; larger files go by the command
MOST_ROWS = 10_000


def _zones() -> list[tuple[str, str]]:
    zones = sorted(zoneinfo.available_timezones())
    return [("", "As written: each time has its offset"), *((one, one) for one in zones)]


def _kinds() -> list[tuple[str, str]]:
    return [(name, name) for name in sorted(KINDS)]


class ChosenForm(forms.Form):
    """How a file is to be taken; asked once, and carried along by the confirmation."""

    kind = forms.ChoiceField(choices=_kinds, help_text="What every row of the file tells.")
    sender = forms.CharField(
        max_length=Event._meta.get_field("sender").max_length,
        initial="csv",
        help_text="Whose events these are. The same id of the same sender is the same event.",
    )
    creates_unknown = forms.BooleanField(
        required=False,
        label="Make what is unknown",
        help_text="Learners, courses, runs and modules that the file names and nobody knows.",
    )
    skips_bad = forms.BooleanField(
        required=False,
        label="Leave out bad rows",
        help_text="Take the good rows and keep the others as refused events, to be corrected.",
    )
    replaces = forms.BooleanField(
        required=False,
        label="Replace what is in",
        help_text="A row whose id is in with other content takes its place; else it is refused.",
    )
    zone = forms.ChoiceField(
        choices=_zones,
        required=False,
        label="Time zone",
        help_text="Of times without an offset. Days alone and seconds since 1970 are taken too.",
    )
    columns = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Their name=ours, one a line; “Their name=” leaves it out, “*=” all others.",
    )
    shared = forms.CharField(
        required=False,
        label="The same in every row",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Such as course=py, one a line.",
    )


class EventImportForm(ChosenForm, ImportForm):  # type: ignore[misc]
    """The upload; refused here where the file as a whole cannot be read."""

    field_order = (
        *("kind", "import_file", "sender", "creates_unknown", "skips_bad", "replaces"),
        *("zone", "columns", "shared"),
    )

    def __init__(self, formats: Any, resources: Any, **kwargs: Any) -> None:
        super().__init__(formats, resources, **kwargs)
        self.fields["import_file"].label = "File"
        self.fields["import_file"].widget.attrs["accept"] = ".csv,.tsv,.txt,text/csv"
        # there is one format
        self.fields["format"].widget = forms.HiddenInput()

    @property
    def media(self) -> forms.Media:
        # the library's script guesses among formats
        return ChosenForm.media.__get__(self)  # type: ignore[no-any-return]

    def clean_import_file(self) -> UploadedFile[Any]:
        file: UploadedFile[Any] = self.cleaned_data["import_file"]
        if (file.size or 0) > settings.KPI_MAX_BODY_MB * 1024 * 1024:
            raise forms.ValidationError(f"At most {settings.KPI_MAX_BODY_MB} MB. {BY_COMMAND}")
        return file

    def clean(self) -> dict[str, Any]:
        super().clean()
        cleaned: dict[str, Any] = self.cleaned_data
        kind, upload = cleaned.get("kind"), cleaned.get("import_file")
        if kind and upload:
            try:
                self._check(opened(upload.read(), upload.name, kind, cleaned))
            except FileOptionsError as error:
                self.add_error("columns", str(error))
            except CsvError as error:
                self.add_error("import_file", str(error).splitlines())
            upload.seek(0)
        return cleaned

    def _check(self, file: EventFile) -> None:
        if file.rows > MOST_ROWS:
            told = f"{file.name} has {file.rows:,} rows; at most {MOST_ROWS:,} here. {BY_COMMAND}"
            self.add_error("import_file", told)


BY_COMMAND = "Take larger files in by the command import_csv."


class EventConfirmForm(ChosenForm, ConfirmImportForm):  # type: ignore[misc]
    """The same choices once more, unseen."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for field in self.fields.values():
            field.widget = forms.HiddenInput()


def opened(
    content: bytes, name: str, kind: str, chosen: Mapping[str, Any] | None = None
) -> EventFile:
    """The file, whose form is good; CsvError when it is not, ChoicesError for what is chosen."""
    chosen = chosen or {}
    choices = FileOptions(
        zone=zone_named(zone) if (zone := chosen.get("zone")) else None,
        names=names_of(_lines(chosen.get("columns"))),
        shared=shared_of(_lines(chosen.get("shared"))),
        replaces=bool(chosen.get("replaces")),
        wording=FORM,
    )
    return EventFile(lambda: io.BytesIO(content), name, KINDS[kind], choices)


def _lines(text: str | None) -> list[str]:
    return [line for line in (text or "").splitlines() if line.strip()]
