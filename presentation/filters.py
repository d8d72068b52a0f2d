"""The filter form of a page: its choices, the values entered, and their errors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from django.utils.translation import gettext, gettext_lazy, pgettext, pgettext_lazy

from accounts.reader import Reader
from core.lazy_text import LazyText
from curriculum.models import Course, CourseRun, Module
from kpis.models import PeriodKind
from kpis.query.kpi_query import KpiQuery, KpiQueryForm

NAMES = ("period", "dates", "from", "to", "course", "run", "module", "compare")
DAYS = ("dates", "from", "to")
# of pages that are asked for no other comparison
WITH_BOTH = "both"
COMPARISONS: list[tuple[str, LazyText]] = [
    ("", gettext_lazy("Target and previous period")),
    ("last-year", gettext_lazy("Target and same period last year")),
    ("target", gettext_lazy("Target")),
    ("previous", gettext_lazy("Previous period")),
    ("none", pgettext_lazy("comparison", "Nothing")),
]


@dataclass(frozen=True)
class Field:
    """A form field. `options` are pairs of value and label; None makes it a date field."""

    name: str
    label: str
    value: str
    options: Sequence[tuple[str, LazyText]] | None = None
    errors: Sequence[str] = ()
    is_disabled: bool = False


@dataclass(frozen=True)
class Filters:
    """`given` holds all values entered, `chosen` the valid ones, `errors` messages by field."""

    reader: Reader
    kpi_query: KpiQuery
    given: Mapping[str, str]
    chosen: Mapping[str, str]
    errors: Mapping[str, Sequence[str]]

    @property
    def fields(self) -> list[Field]:
        course = self.kpi_query.course
        courses = list(self.reader.courses_in_part().values_list("key", "title"))
        is_limited = course and self.reader.is_limited_to_run(frozenset({course.pk}))
        all_courses = (
            [] if is_limited and not self.reader.course_ids else [("", gettext("All courses"))]
        )
        return [
            self._field("period", gettext("Period"), PeriodKind.choices),
            self._field("course", gettext("Course"), [*all_courses, *courses]),
            self._part_of_course(
                "run",
                gettext("Course run"),
                "" if is_limited else gettext("All runs"),
                self.reader.runs().filter(course=course),
            ),
            self._part_of_course(
                "module",
                gettext("Module"),
                gettext("All modules"),
                Module.objects.filter(course=course),
            ),
            self._field("compare", gettext("Compare with"), COMPARISONS),
        ]

    @property
    def days(self) -> list[Field]:
        """The fields of the form for any days."""
        return [
            self._field("from", pgettext("dates", "From")),
            self._field("to", pgettext("dates", "To")),
        ]

    @property
    def has_wrong_days(self) -> bool:
        return bool(set(DAYS) & self.errors.keys())

    @property
    def errors_of_named(self) -> Sequence[str]:
        """What is wrong with dates chosen by name, which have no field."""
        return self.errors.get("dates", ())

    @property
    def hidden_inputs(self) -> list[tuple[str, str]]:
        """The dates, which the form of the other filters has no fields for."""
        return [(name, self.chosen[name]) for name in DAYS if name in self.chosen]

    def _field(
        self,
        name: str,
        label: str,
        options: Sequence[tuple[str, LazyText]] | None = None,
        *,
        can_be_disabled: bool = False,
    ) -> Field:
        value, errors = self.given.get(name, ""), self.errors.get(name, ())
        if name == "period":
            value = self.kpi_query.kind
        elif name == "course" and self.kpi_query.course and not errors:
            value = self.kpi_query.course.key
        elif name == "run" and self.kpi_query.run and not errors:
            value = self.kpi_query.run.key
        return Field(name, label, value, options, errors, can_be_disabled and not errors)

    def _part_of_course(
        self, name: str, label: str, label_of_all: str, rows: Iterable[CourseRun | Module]
    ) -> Field:
        """A choice of the course's runs or modules, disabled until a course is chosen."""
        if self.kpi_query.course is None:
            options = [("", gettext("Choose a course"))]
            return self._field(name, label, options, can_be_disabled=True)
        everything = [("", label_of_all)] if label_of_all else []
        return self._field(name, label, [*everything, *((one.key, str(one)) for one in rows)])

    @property
    def are_set(self) -> bool:
        return bool(self.given)

    def query_string(self, **more: str) -> str:
        """The valid filters as a query string with `?`; empty if there are none."""
        wanted = {key: value for key, value in {**self.chosen, **more}.items() if value}
        return f"?{urlencode(wanted)}" if wanted else ""

    def dates_query(self, **dates: str) -> str:
        """The query string of other dates, with all other filters."""
        return self.query_string(**dict.fromkeys(("period", *DAYS), "") | dates)


def filters_to(thing: object) -> dict[str, str]:
    """The filters that select a course, run or module; none for anything else."""
    if isinstance(thing, Course):
        return {"course": thing.key}
    if isinstance(thing, CourseRun):
        return {"course": thing.course.key, "run": thing.key}
    return {"course": thing.course.key, "module": thing.key} if isinstance(thing, Module) else {}


def read(data: Mapping[str, str], *, reader: Reader, now: datetime) -> Filters:
    """Read the filters; invalid fields are left out of the query and reported as errors."""
    given = {name: data[name] for name in NAMES if data.get(name)}
    if "from" in given or "to" in given:
        # typed beside dates that were chosen before
        given.pop("dates", None)
    chosen, errors = dict(given), dict[str, Sequence[str]]()
    form = KpiQueryForm(chosen, reader=reader, now=now)
    while not form.is_valid():
        errors |= {name: [str(one) for one in messages] for name, messages in form.errors.items()}
        chosen = {name: value for name, value in chosen.items() if name not in form.errors}
        form = KpiQueryForm(chosen, reader=reader, now=now)
    query = form.to_query()
    query = replace(query, compare=query.compare or WITH_BOTH)
    return Filters(reader, query, given, chosen, errors)
