"""What is asked: the query parameters of API and pages, checked once for both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.reader import Reader
from core import reporting_clock
from curriculum.models import Course, CourseRun, Module
from kpis.definitions.aggregates import BY, Scope
from kpis.definitions.periods import WINDOW, Period, between, latest, local_day
from kpis.models import PeriodKind

MOST_POINTS = 800
POINTS_SHOWN = {"day": 31, "week": 27, "month": 13, "quarter": 9}
FIRST_YEAR, LAST_YEAR = 1990, 2199


@dataclass(frozen=True)
class KpiQuery:
    """The periods (oldest first, at least one) and the scope that are asked for."""

    kind: str
    periods: Sequence[Period]
    window: Period | None
    scope: Scope
    course: Course | None
    run: CourseRun | None
    module: Module | None
    by: str | None
    compare: str | None
    now: datetime

    @property
    def current(self) -> Period:
        """The last period that is over; while none is, the last that has begun."""
        over = [period for period in self.periods if not period.is_open(self.now)]
        begun = [period for period in self.periods if period.has_begun(self.now)]
        return (over or begun or list(self.periods))[-1]


class KpiQueryForm(forms.Form):
    """`from`, `to` (both days included), `period`, `course`, `run`, `module`, `learner`, `by`,
    `compare`; `reader` bounds what can be chosen."""

    period = forms.ChoiceField(choices=lambda: PeriodKind.choices, required=False)
    to = forms.DateField(required=False, input_formats=["%Y-%m-%d"])
    course = forms.CharField(required=False, max_length=100)
    run = forms.CharField(required=False, max_length=100)
    module = forms.CharField(required=False, max_length=100)
    by = forms.ChoiceField(choices=[(name, name) for name in BY], required=False)
    compare = forms.ChoiceField(
        choices=[("previous", "previous"), ("target", "target")], required=False
    )

    def __init__(self, data: Mapping[str, Any], *, reader: Reader, now: datetime) -> None:
        super().__init__(data)
        self.reader = reader
        self.now = now
        # a keyword of Python cannot be declared above
        self.fields["from"] = forms.DateField(required=False, input_formats=["%Y-%m-%d"])
        self.order_fields(("period", "from", "to", "course", "run", "module", "by", "compare"))
        for name, field in self.fields.items():
            field.error_messages |= _sentences(name, field)

    def clean_to(self) -> date | None:
        return self._within_years("to")

    def clean_from(self) -> date | None:
        return self._within_years("from")

    def _within_years(self, name: str) -> date | None:
        day: date | None = self.cleaned_data[name]
        if day and not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise ValidationError(f"{name} lies in the years {FIRST_YEAR} to {LAST_YEAR}.")
        return day

    def clean_course(self) -> Course | None:
        key = self.cleaned_data["course"]
        if not key:
            return None
        course = self.reader.courses().filter(key=key).first()
        if course is None:
            raise ValidationError(f"There is no course “{key}” that you may see. {self._courses()}")
        return course

    def _courses(self) -> str:
        keys = self.reader.courses().order_by("key").values_list("key", flat=True)
        return f"There are: {', '.join(keys[:20])}." if keys else "There are none."

    def clean_run(self) -> CourseRun | None:
        runs = CourseRun.objects.filter(course__in=self.reader.courses())
        run: CourseRun | None = self._one_of("run", runs.select_related("course"))
        return run

    def clean_module(self) -> Module | None:
        modules = Module.objects.filter(course__in=self.reader.courses())
        module: Module | None = self._one_of("module", modules.select_related("course"))
        return module

    def _one_of(self, name: str, rows: Any) -> Any:
        key = self.cleaned_data[name]
        if not key:
            return None
        if course := self.cleaned_data.get("course"):
            rows = rows.filter(course=course)
        found = list(rows.filter(key=key)[:2])
        if len(found) > 1:
            raise ValidationError(f"More than one course has a {name} “{key}”; add course=….")
        if not found:
            keys = ", ".join(rows.order_by("key").values_list("key", flat=True).distinct()[:20])
            raise ValidationError(
                f"There is no {name} “{key}” that you may see. There are: {keys or 'none'}."
            )
        return found[0]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        first, last = data.get("from"), data.get("to")
        if first and last and first > last:
            self.add_error("from", f"from {first} lies after to {last}; swap them.")
        run, module = data.get("run"), data.get("module")
        if run and module and run.course_id != module.course_id:
            self.add_error("module", f"Module “{module.key}” is not of run “{run.key}”'s course.")
        if not self.errors and len(self._periods(data)) > MOST_POINTS:
            self.add_error("from", f"At most {MOST_POINTS} periods at once: ask for fewer.")
        return data

    def question(self, *, learners: Iterable[int] | None = None) -> KpiQuery:
        """What a valid form asks, of all learners or of these ids; call `is_valid` first."""
        data = self.cleaned_data
        course = data["course"] or (data["run"] or data["module"] or _Nowhere).course
        periods = list(self._periods(data))
        return KpiQuery(
            kind=self.kind,
            periods=periods,
            window=self._window(data["from"], data["to"], periods),
            scope=self._scope(course, data["run"], data["module"], learners),
            course=course,
            run=data["run"],
            module=data["module"],
            by=data["by"] or None,
            compare=data["compare"] or None,
            now=self.now,
        )

    def _window(
        self, first: date | None, last: date | None, periods: Sequence[Period]
    ) -> Period | None:
        """All the days asked for; None when no end is given.

        For who may not see small groups it is widened to whole periods: two windows that differ
        by a day would tell that day.
        """
        if first is None and last is None:
            return None
        if first is None or not self.reader.sees_small_groups:
            first = periods[0].first
        if last is None or not self.reader.sees_small_groups:
            last = periods[-1].last
        return Period(first, last + timedelta(days=1), WINDOW, reporting_clock.reporting_zone())

    @property
    def kind(self) -> str:
        return self.cleaned_data.get("period") or PeriodKind.MONTH

    def _periods(self, data: Mapping[str, Any]) -> Sequence[Period]:
        zone = reporting_clock.reporting_zone()
        first: date | None = data.get("from")
        last: date | None = data.get("to")
        if first is None and last is None:
            return latest(POINTS_SHOWN[self.kind], self.kind, zone, now=self.now)
        last = last or max(local_day(self.now, zone), first or date.min)
        if first is None:
            return latest(POINTS_SHOWN[self.kind], self.kind, zone, now=_noon(last))
        return list(islice(between(first, last, self.kind, zone), MOST_POINTS + 1))

    def _scope(
        self,
        course: Course | None,
        run: CourseRun | None,
        module: Module | None,
        learners: Iterable[int] | None,
    ) -> Scope:
        courses = None if self.reader.sees_every_course else self.reader.course_ids
        return Scope(
            course_ids=frozenset({course.pk}) if course else courses,
            run_id=run.pk if run else None,
            module_id=module.pk if module else None,
            learner_ids=None if learners is None else frozenset(learners),
        )


class _Nowhere:
    course = None


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=reporting_clock.reporting_zone())


def _sentences(name: str, field: forms.Field) -> dict[str, str]:
    if isinstance(field, forms.ChoiceField):
        choices = ", ".join(str(value) for value, _ in field.widget.choices)
        return {"invalid_choice": f"“%(value)s” is no {name}; choose one of {choices}."}
    if isinstance(field, forms.DateField):
        return {"invalid": f"{name} takes a date such as 2026-03-31."}
    return {}
