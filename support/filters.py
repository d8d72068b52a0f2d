"""The list of learners to help: filters that the page, the CSV file and the API share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext

from accounts.reader import Reader
from curriculum.models import Course, CourseRun
from presentation.filters import Field
from support.models import Contact, Standing
from support.models.standings import StandingQuerySet
from support.reasons import NAMES

FILTERS = ("course", "run", "reason", "contacted")
CONTACTED = ("no", "yes")
RELATED = (
    "enrollment__learner", "enrollment__run__course", "overdue_module", "failed_assessment"
)  # fmt: skip


class LearnerFilterForm(forms.Form):
    """Filters the standings that a reader may see."""

    course = forms.CharField(required=False, max_length=100)
    run = forms.CharField(required=False, max_length=100)
    reason = forms.CharField(required=False, max_length=20)
    contacted = forms.CharField(required=False, max_length=5)

    def __init__(self, data: Mapping[str, Any], *, reader: Reader) -> None:
        super().__init__(data)
        self.reader = reader

    def clean_course(self) -> Course | None:
        key = self.cleaned_data["course"]
        found = self.reader.courses_in_part().filter(key=key).first() if key else None
        if key and found is None:
            raise ValidationError(gettext("Unknown course “%(key)s”.") % {"key": key})
        return found

    def clean_run(self) -> CourseRun | None:
        key, course = self.cleaned_data["run"], self.cleaned_data.get("course")
        if not key or "course" in self.errors:
            return None
        if course is None:
            raise ValidationError(gettext("Choose the course of the run, too."))
        found = self.reader.runs().filter(course=course, key=key).first()
        if found is None:
            raise ValidationError(gettext("Unknown run “%(key)s”.") % {"key": key})
        return found

    def clean_reason(self) -> str:
        return self._one_of("reason", tuple(NAMES))

    def clean_contacted(self) -> str:
        return self._one_of("contacted", CONTACTED)

    def _one_of(self, name: str, allowed: Sequence[str]) -> str:
        value: str = self.cleaned_data[name]
        if value and value not in allowed:
            raise ValidationError(
                gettext("Unknown value “%(value)s”. Allowed: %(choices)s.")
                % {"value": value, "choices": ", ".join(allowed)}
            )
        return value

    def rows(self) -> StandingQuerySet:
        """Return the matching standings, the highest score first; an invalid filter is ignored."""
        wanted = getattr(self, "cleaned_data", {})
        rows = Standing.objects.visible_to(self.reader).select_related(*RELATED)
        if course := wanted.get("course"):
            rows = rows.filter(enrollment__run__course=course)
        if run := wanted.get("run"):
            rows = rows.filter(enrollment__run=run)
        if reason := wanted.get("reason"):
            rows = rows.filter(**{reason: True})
        if contacted := wanted.get("contacted"):
            has_contact = Exists(Contact.objects.filter(enrollment=OuterRef("enrollment")))
            rows = rows.filter(has_contact if contacted == "yes" else ~has_contact)
        return rows


@dataclass(frozen=True)
class PageFilters:
    """The filters as form fields of the page; `given` holds what was entered."""

    given: Mapping[str, str]
    form: LearnerFilterForm

    @classmethod
    def read(cls, data: Mapping[str, str], reader: Reader) -> PageFilters:
        given = {name: data[name] for name in FILTERS if data.get(name)}
        form = LearnerFilterForm(given, reader=reader)
        form.is_valid()
        return cls(given, form)

    @property
    def errors(self) -> Mapping[str, Any]:
        return self.form.errors

    @property
    def are_set(self) -> bool:
        return bool(self.given)

    @cached_property
    def fields(self) -> list[Field]:
        courses = self.form.reader.courses_in_part().values_list("key", "title")
        return [
            self._field("course", gettext("Course"), [("", gettext("All courses")), *courses]),
            self._run(),
            self._field("reason", gettext("Reason"), [("", gettext("Any")), *NAMES.items()]),
            self._field(
                "contacted",
                gettext("Contact"),
                [
                    ("", gettext("Any")),
                    ("no", gettext("Not yet contacted")),
                    ("yes", gettext("Contacted")),
                ],
            ),
        ]

    def _run(self) -> Field:
        course = self.form.cleaned_data.get("course")
        if course is None:
            options: list[tuple[str, str]] = [("", gettext("Choose a course"))]
            return self._field(
                "run", gettext("Course run"), options, is_disabled="run" not in self.errors
            )
        runs = [(one.key, str(one)) for one in self.form.reader.runs().filter(course=course)]
        return self._field("run", gettext("Course run"), [("", gettext("All runs")), *runs])

    def _field(
        self, name: str, label: str, options: Sequence[Any], *, is_disabled: bool = False
    ) -> Field:
        errors = [str(one) for one in self.errors.get(name, ())]
        return Field(name, label, self.given.get(name, ""), options, errors, is_disabled)

    @property
    def query(self) -> str:
        """The valid filters, to be followed by more; empty without any."""
        valid = {name: value for name, value in self.given.items() if name not in self.errors}
        return f"{urlencode(valid)}&" if valid else ""
