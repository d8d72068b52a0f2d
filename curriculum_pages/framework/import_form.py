"""The form that imports a framework file, in two steps: show what changes, then change it."""

from __future__ import annotations

import base64
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, gettext_lazy

from accounts.models import User
from curriculum.framework_files.importing import (
    ImportReport,
    StaleFileError,
    import_framework,
    read,
)
from curriculum.framework_files.records import FrameworkFileError

LARGEST = 1_000_000
PERMISSIONS = tuple(
    f"curriculum.{action}_{model}"
    for model in ("course", "module", "skill")
    for action in ("add", "change")
)


class FrameworkImportForm(forms.Form):
    """`content` holds the file in the second step, as browsers do not upload it by themselves."""

    file = forms.FileField(required=False, label=gettext_lazy("JSON or CSV file"))
    content = forms.CharField(required=False, widget=forms.HiddenInput)
    is_forced = forms.BooleanField(
        required=False,
        label=gettext_lazy("Import it although the structure changed since the export"),
    )

    def clean(self) -> dict[str, Any]:
        content, name = self.cleaned_data.get("content", "").encode(), ""
        if uploaded := self.cleaned_data.get("file"):
            if uploaded.size > LARGEST:
                raise ValidationError(gettext("The file is larger than one megabyte."))
            content, name = base64.b64encode(uploaded.read()), uploaded.name
        if not content:
            raise ValidationError(gettext("Choose a JSON or CSV file."))
        return {**self.cleaned_data, "text": _text(content), "name": name, "content": content}

    @property
    def encoded(self) -> str:
        """The file for the second step; encoded, as browsers change the ends of lines."""
        return bytes(self.cleaned_data["content"]).decode()

    def run(self, by: User, *, is_dry_run: bool) -> ImportReport | None:
        """Import the file; None if it is refused, with the reasons among the errors."""
        data = self.cleaned_data
        try:
            return import_framework(
                read(data["text"], name=data["name"]),
                by=by,
                is_dry_run=is_dry_run,
                is_forced=data["is_forced"],
            )
        except FrameworkFileError as error:
            self.add_error(None, [one.sentence for one in error.problems[:50]])
        except StaleFileError as error:
            self.add_error(None, str(error))
        return None


def _text(content: bytes) -> str:
    try:
        return base64.b64decode(content).decode("utf-8-sig")
    except ValueError as error:
        raise ValidationError(gettext("The file is not encoded in UTF-8.")) from error
