"""The filters of a page: what was asked, what can be chosen, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from accounts.access import Reader
from curriculum.models import CourseRun, Module
from kpis.models import PeriodKind
from kpis.query.kpi_query import KpiQuery, KpiQueryForm

NAMES = ("period", "from", "to", "course", "run", "module", "compare")
COMPARISONS = (
    ("", "both"),
    ("target", "the target"),
    ("previous", "the period before"),
)


@dataclass(frozen=True)
class Field:
    """One control. `options` are (value, label); None makes it a date."""

    name: str
    label: str
    value: str
    options: Sequence[tuple[str, str]] | None = None
    errors: Sequence[str] = ()
    is_disabled: bool = False


@dataclass(frozen=True)
class Filters:
    """`chosen` holds what was understood; `errors` the sentences by the field's name."""

    reader: Reader
    question: KpiQuery
    given: Mapping[str, str]
    chosen: Mapping[str, str]
    errors: Mapping[str, Sequence[str]]

    @property
    def fields(self) -> list[Field]:
        course = self.question.course
        return [
            self._field("period", "Periods", [(one.value, str(one.label)) for one in PeriodKind]),
            self._field("from", "From"),
            self._field("to", "To"),
            self._field("course", "Course", [("", "All courses"), *_courses(self.reader)]),
            self._part("run", "Course run", "All runs", CourseRun.objects.filter(course=course)),
            self._part("module", "Module", "All modules", Module.objects.filter(course=course)),
            self._field("compare", "Compare with", COMPARISONS),
        ]

    def _field(
        self, name: str, label: str, options: Sequence[tuple[str, str]] | None = None
    ) -> Field:
        return Field(name, label, self._value(name), options, self.errors.get(name, ()))

    def _part(self, name: str, label: str, all_of_them: str, rows: Iterable[object]) -> Field:
        """A select of what the course has; without a course there is nothing to choose from."""
        if self.question.course is None:
            field = self._field(name, label, [("", "Course first")])
            return replace(field, is_disabled=not field.errors)
        return self._field(name, label, [("", all_of_them), *_options(rows)])

    def _value(self, name: str) -> str:
        if name == "period":
            return self.question.kind
        if name == "course" and self.question.course and name not in self.errors:
            return self.question.course.key
        return self.given.get(name, "")

    @property
    def are_set(self) -> bool:
        return bool(self.given)

    def query(self, **more: str) -> str:
        """What was understood as a query string, with `?`; empty when there is nothing."""
        wanted = {key: value for key, value in {**self.chosen, **more}.items() if value}
        return f"?{urlencode(wanted)}" if wanted else ""


def read(data: Mapping[str, str], *, reader: Reader, now: datetime) -> Filters:
    """Understand what can be understood; the fields that cannot are left out, and told."""
    given = {name: data[name] for name in NAMES if data.get(name)}
    chosen, errors = dict(given), dict[str, Sequence[str]]()
    form = KpiQueryForm(chosen, reader=reader, now=now)
    while not form.is_valid():
        errors |= {name: [str(one) for one in messages] for name, messages in form.errors.items()}
        chosen = {name: value for name, value in chosen.items() if name not in form.errors}
        form = KpiQueryForm(chosen, reader=reader, now=now)
    return Filters(reader, form.to_query(), given, chosen, errors)


def _courses(reader: Reader) -> list[tuple[str, str]]:
    return list(reader.courses().values_list("key", "title"))


def _options(rows: Iterable[object]) -> list[tuple[str, str]]:
    return [(row.key, str(row)) for row in rows]  # type: ignore[attr-defined]
