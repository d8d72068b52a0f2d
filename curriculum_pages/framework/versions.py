"""The versions of a course's structure, and what changed between two of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from django import forms
from django.utils.translation import gettext

from core import localized
from curriculum.models import Course, StructureVersion
from curriculum.structure.differences import Difference, differences
from presentation import figures
from presentation.filters import Field


class VersionsForm(forms.Form):
    """The two versions to compare; without them, the latest and the one before."""

    before = forms.IntegerField(required=False, min_value=1, max_value=2_147_483_647)
    after = forms.IntegerField(required=False, min_value=1, max_value=2_147_483_647)

    def __init__(self, data: Mapping[str, str], *, course: Course) -> None:
        super().__init__(data)
        rows = course.structure_versions.select_related("made_by").defer("structure")
        self.versions = list(rows.order_by("-number"))

    def clean(self) -> dict[str, int]:
        numbers = {one.number for one in self.versions}
        for name in ("before", "after"):
            if (number := self.cleaned_data.get(name)) and number not in numbers:
                text = gettext("There is no version %(number)s.")
                self.add_error(name, text % {"number": number})
        return self.cleaned_data


class VersionsPage:
    def __init__(self, course: Course, data: Mapping[str, str]) -> None:
        self.course = course
        self.form = VersionsForm(data, course=course)
        self.is_valid = self.form.is_valid()

    @property
    def versions(self) -> list[StructureVersion]:
        return self.form.versions

    @property
    def after(self) -> int | None:
        latest = self.versions[0].number if self.versions else None
        return self.form.cleaned_data.get("after") or latest

    @property
    def before(self) -> int | None:
        """None if there is no earlier version to compare with."""
        chosen = self.form.cleaned_data.get("before")
        older = [one.number for one in self.versions if self.after and one.number < self.after]
        return chosen or next(iter(older), None)

    @property
    def fields(self) -> list[Field]:
        options = [
            (str(one.number), f"{one.number} · {figures.moment(one.made_at)}")
            for one in self.versions
        ]
        return [
            Field(
                name,
                label,
                str(chosen or ""),
                options,
                [str(one) for one in self.form.errors.get(name, ())],
            )
            for name, label, chosen in (
                ("before", gettext("Compare version"), self.before),
                ("after", gettext("with version"), self.after),
            )
        ]

    @cached_property
    def differences(self) -> list[Difference]:
        if self.before is None or self.after is None:
            return []
        numbers = (self.before, self.after)
        rows = self.course.structure_versions.filter(number__in=numbers)
        found = {one.number: one.structure for one in rows}
        return differences(found[self.before], found[self.after])

    @property
    def heading(self) -> str:
        return gettext("From version %(before)s to version %(after)s") % {
            "before": localized.number(self.before or 0),
            "after": localized.number(self.after or 0),
        }
