"""The forms of the wizard: the upload, how to read it, what a person must say, and the import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.signing import Signer
from django.utils.translation import gettext, gettext_lazy

from curriculum.models import Course
from intake.files.choices import Choice, Option
from intake.files.opening import COLUMNS
from intake.files.shapes.registry import SHAPES
from intake.models import Event, FileMapping
from intake.tables.text import ENCODINGS

# more options are a list to choose from, not radio buttons
MOST_RADIOS = 6


def _encodings() -> list[tuple[str, str]]:
    return [("", gettext("Unicode")), *((one, one) for one in ENCODINGS)]


def _shapes() -> list[tuple[str, str]]:
    return [
        ("", gettext("As recognized")),
        *((key, str(shape.title)) for key, shape in SHAPES.items()),
        (COLUMNS, gettext("Another table: map its columns")),
    ]


def _mappings() -> list[tuple[str, str]]:
    names = FileMapping.objects.values_list("name", flat=True)
    return [("", gettext("None")), *((name, name) for name in names)]


class UploadForm(forms.Form):
    """A file, and how to read it if it is not Unicode."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy(
            "CSV, TSV, JSON, XLSX or ODS as your tool exports it, or a ZIP with it or a OneRoster "
            "set."
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.json,.xlsx,.ods,.zip"}),
    )
    encoding = forms.ChoiceField(
        choices=_encodings, required=False, label=gettext_lazy("Encoding"),
        help_text=gettext_lazy("Only for text that is not Unicode, as old spreadsheets write it."),
    )  # fmt: skip
    mapping = forms.ChoiceField(
        choices=_mappings, required=False, label=gettext_lazy("Saved mapping"),
        help_text=gettext_lazy("Answers that were saved for an earlier file of this kind."),
    )  # fmt: skip
    kind = forms.CharField(required=False, widget=forms.HiddenInput())

    def clean_file(self) -> UploadedFile[Any]:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > settings.KPI_MAX_BODY_MB * 1024 * 1024:
            message = gettext(
                "The file is larger than %(limit)s MB. Import it with the command import_file."
            )
            raise forms.ValidationError(message % {"limit": settings.KPI_MAX_BODY_MB})
        return file


class ReadingForm(forms.Form):
    """How to read the file, where the product is wrong about it."""

    shape = forms.ChoiceField(
        choices=_shapes, required=False, label=gettext_lazy("What the file is")
    )
    sheet = forms.CharField(required=False, max_length=100, label=gettext_lazy("Sheet"))
    header_line = forms.IntegerField(
        required=False, min_value=1, label=gettext_lazy("Line of the column names")
    )
    encoding = forms.CharField(required=False, widget=forms.HiddenInput())

    @property
    def how(self) -> dict[str, Any]:
        """The arguments with which the file is opened."""
        values = self.cleaned_data
        return {
            "shape": values.get("shape") or "",
            "sheet": values.get("sheet") or "",
            "header_line": values.get("header_line") or 0,
            "encoding": values["encoding"] if values.get("encoding") in ENCODINGS else "",
        }


class ChoicesForm(forms.Form):
    """A field per choice; the names of columns are no names of fields, so these are numbered."""

    def __init__(
        self, choices: Sequence[Choice], answers: Mapping[str, str], data: Any = None
    ) -> None:
        super().__init__(data, prefix="choice", initial=None)
        self.choices = choices
        for at, choice in enumerate(choices):
            field = _field_of(choice)
            field.initial = answers.get(choice.name) or choice.proposed or choice.initial
            self.fields[str(at)] = field

    @property
    def answers(self) -> dict[str, str]:
        return {
            one.name: value
            for at, one in enumerate(self.choices)
            if (value := str(self.cleaned_data.get(str(at)) or "").strip())
        }

    def add_problems(self, problems: Mapping[str, str]) -> None:
        """Show what is wrong with answers at their fields."""
        names = {one.name: str(at) for at, one in enumerate(self.choices)}
        for name, problem in problems.items():
            self.add_error(names.get(name), problem)


def answers_in(choices: Sequence[Choice], data: Mapping[str, str]) -> dict[str, str]:
    """Return the answers in posted data, whether they are valid or not."""
    found = {one.name: data.get(f"choice-{at}", "") for at, one in enumerate(choices)}
    return {name: value.strip() for name, value in found.items() if value.strip()}


def _field_of(choice: Choice) -> forms.Field:
    named: dict[str, Any] = {
        "label": choice.label, "help_text": choice.help, "required": choice.is_required,
        "error_messages": {"required": gettext("Choose one.") if choice.options else
                           gettext("Enter a value.")},
    }  # fmt: skip
    if not choice.options:
        is_course = choice.name in ("course", "value:course")
        attributes = {"list": "course-keys"} if is_course else {}
        return forms.CharField(widget=forms.TextInput(attrs=attributes), **named)
    options = [(one.value, _label(one)) for one in choice.options]
    if len(options) <= MOST_RADIOS:
        return forms.ChoiceField(choices=options, widget=forms.RadioSelect, **named)
    start = [] if choice.initial else [("", "–")]
    return forms.ChoiceField(choices=[*start, *options], **named)


def _label(option: Option) -> str:
    return str(option)


class ImportOptionsForm(forms.Form):
    """What to do with the events, and under which name to save the answers."""

    sender = forms.CharField(
        max_length=Event._meta.get_field("sender").max_length,
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
    replaces = forms.BooleanField(
        required=False,
        label=gettext_lazy("Replace stored events"),
        help_text=gettext_lazy(
            "A row replaces the stored event with its id; otherwise a row that differs from it is "
            "rejected."
        ),
    )
    skips_bad = forms.BooleanField(
        required=False,
        label=gettext_lazy("Skip invalid rows"),
        help_text=gettext_lazy(
            "Import the valid rows and store the others as rejected events, to be corrected."
        ),
    )
    save_as = forms.CharField(
        required=False, max_length=100, label=gettext_lazy("Save the answers as"),
        help_text=gettext_lazy("A name, to answer the same for the next file of this kind."),
    )  # fmt: skip

    def __init__(self, *args: Any, is_mapped: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_mapped:
            # a row of a tool's file that differs from its earlier version is a correction
            del self.fields["replaces"]


def signature(token: str, data: Mapping[str, Any]) -> str:
    """Return what proves that these answers have been previewed."""
    parts = sorted(f"{name}={value}" for name, value in data.items())
    return Signer(salt="file-preview").signature("\x1f".join((token, *parts)))


def course_keys() -> list[str]:
    return list(Course.objects.order_by("key").values_list("key", flat=True)[:200])
