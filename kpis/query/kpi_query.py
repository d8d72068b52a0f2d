"""Query parameters of pages and the API, and the queries that they describe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, gettext_lazy

from accounts.reader import Reader
from core import reporting_clock
from curriculum.models import Course, CourseRun, Module
from kpis.definitions.periods import WINDOW, Period, between, containing, latest, local_day
from kpis.definitions.scopes import DIMENSIONS, Scope
from kpis.models import PeriodKind
from kpis.query.dates import PRESETS, NamedDates, named_dates, window_before, year_before

MOST_POINTS = 800
POINTS_SHOWN = {"day": 31, "week": 27, "month": 13, "quarter": 9}
FIRST_YEAR, LAST_YEAR = 1990, 2199
COMPARISONS = ("previous", "last-year", "target", "none")
UNKNOWN = {
    "run": gettext_lazy("Unknown run “%(key)s”. Available runs: %(keys)s."),
    "module": gettext_lazy("Unknown module “%(key)s”. Available modules: %(keys)s."),
}
AMBIGUOUS = {
    "run": gettext_lazy("More than one course has a run “%(key)s”. Choose the course as well."),
    "module": gettext_lazy(
        "More than one course has a module “%(key)s”. Choose the course as well."
    ),
}


@dataclass(frozen=True)
class Parameter:
    """A query parameter; the form reads it unless only the API understands it."""

    name: str
    description: str = ""
    choices: Sequence[str] = ()
    is_date: bool = False
    is_repeated: bool = False
    is_for_api_only: bool = False

    def form_field(self) -> forms.Field:
        if self.choices:
            choices = [(value, value) for value in self.choices]
            error = gettext("“%(value)s” is not a valid %(name)s. Choose one of: %(choices)s.") % {
                "value": "%(value)s",
                "name": self.name,
                "choices": ", ".join(self.choices),
            }
            errors = {"invalid_choice": error}
            return forms.ChoiceField(choices=choices, required=False, error_messages=errors)
        if self.is_date:
            error = gettext("“%(name)s” must be a date such as 2026-03-31.") % {"name": self.name}
            return forms.DateField(
                required=False, input_formats=["%Y-%m-%d"], error_messages={"invalid": error}
            )
        return forms.CharField(required=False, max_length=100)


# The descriptions are for the reference of the API, which is in English.
PARAMETERS = (
    Parameter("period", "Default: month.", choices=PeriodKind.values),  # not translated: API
    Parameter("from", "First day, such as 2026-01-01.", is_date=True),  # not translated: API
    Parameter("to", "Last day, included.", is_date=True),  # not translated: API
    Parameter(
        "dates",
        f"Instead of from and to: {', '.join(PRESETS)}, "  # not translated: API
        "or a period such as 2026-10, 2026-Q4, 2026-W47 or 2026-10-31.",  # not translated: API
    ),
    Parameter("course", "Key of a course."),  # not translated: API
    Parameter("run", "Key of a course run."),  # not translated: API
    Parameter("module", "Key of a module."),  # not translated: API
    Parameter(
        "learner",
        "Keys of a group of learners; requires kpis:small-groups.",  # not translated: API
        is_repeated=True,
        is_for_api_only=True,
    ),
    Parameter("by", "Adds `groups` to the answer.", choices=DIMENSIONS),  # not translated: API
    Parameter("compare", choices=COMPARISONS),
    Parameter("format", choices=("json", "csv"), is_for_api_only=True),
)


@dataclass(frozen=True)
class KpiQuery:
    """The periods (at least one, oldest first) and the scope that a reader asks for."""

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
    chosen: Period | None = None

    @property
    def current(self) -> Period:
        """Return the period chosen by name, else the last that is over or that has begun."""
        if self.chosen:
            return self.chosen
        over = [period for period in self.periods if not period.is_open(self.now)]
        begun = [period for period in self.periods if period.has_begun(self.now)]
        return (over or begun or list(self.periods))[-1]

    @property
    def earlier(self) -> Period:
        """Return the period that the current one is compared with."""
        return year_before(self.current) if self.compare == "last-year" else self.current.previous

    @property
    def window_before(self) -> tuple[Period, list[Period]] | None:
        """Return the window to compare with, with its periods; None if there is none."""
        if self.window is None or self.compare in (None, "target", "none"):
            return None
        return window_before(self.window, self.periods, a_year=self.compare == "last-year")


class KpiQueryForm(forms.Form):
    """Validate the query parameters; `reader` limits the courses that can be chosen."""

    def __init__(self, data: Mapping[str, Any], *, reader: Reader, now: datetime) -> None:
        super().__init__(data)
        self.reader = reader
        self.now = now
        self.fields = {one.name: one.form_field() for one in PARAMETERS if not one.is_for_api_only}

    def clean_to(self) -> date | None:
        return self._day("to")

    def clean_from(self) -> date | None:
        return self._day("from")

    def _day(self, name: str) -> date | None:
        day: date | None = self.cleaned_data[name]
        if day and not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise ValidationError(
                gettext("“%(name)s” must be in the years %(first)s to %(last)s.")
                % {"name": name, "first": FIRST_YEAR, "last": LAST_YEAR}
            )
        return day

    def clean_dates(self) -> NamedDates | None:
        name = self.cleaned_data["dates"]
        if not name:
            return None
        zone = reporting_clock.reporting_zone()
        found = named_dates(name, local_day(self.now, zone), zone)
        if found is None:
            raise ValidationError(
                gettext(
                    "“%(name)s” are no known dates. Choose one of: %(presets)s, or a period such "
                    "as 2026-10, 2026-Q4, 2026-W47 or 2026-10-31."
                )
                % {"name": name, "presets": ", ".join(PRESETS)}
            )
        if not FIRST_YEAR <= found.first.year <= LAST_YEAR:
            raise ValidationError(
                gettext("“%(name)s” must be in the years %(first)s to %(last)s.")
                % {"name": "dates", "first": FIRST_YEAR, "last": LAST_YEAR}
            )
        return found

    def clean_course(self) -> Course | None:
        key = self.cleaned_data["course"]
        if not key:
            return None
        courses = self.reader.courses_in_part()
        course = courses.filter(key=key).first()
        if course is None:
            keys = courses.order_by("key").values_list("key", flat=True)[:20]
            raise ValidationError(
                gettext("Unknown course “%(key)s”. Available courses: %(keys)s.")
                % {"key": key, "keys": ", ".join(keys) or gettext("none")}
            )
        return course

    def clean_run(self) -> CourseRun | None:
        run: CourseRun | None = self._one_of("run", self.reader.runs().select_related("course"))
        return run

    def clean_module(self) -> Module | None:
        modules = Module.objects.filter(course__in=self.reader.courses_in_part())
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
            raise ValidationError(AMBIGUOUS[name] % {"key": key})
        if not found:
            keys = ", ".join(rows.order_by("key").values_list("key", flat=True).distinct()[:20])
            raise ValidationError(UNKNOWN[name] % {"key": key, "keys": keys or gettext("none")})
        return found[0]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        self._apply_dates(data)
        first, last = data.get("from"), data.get("to")
        if first and last and first > last:
            error = gettext("“from” (%(first)s) is later than “to” (%(last)s). Swap the two.")
            self.add_error("from", error % {"first": first, "last": last})
        run, module = data.get("run"), data.get("module")
        if not self.errors and run is None:
            data["run"] = run = self._granted_run(data.get("course") or (module and module.course))
        if run and module and run.course_id != module.course_id:
            error = gettext("Module “%(module)s” and run “%(run)s” belong to different courses.")
            self.add_error("module", error % {"module": module.key, "run": run.key})
        if not self.errors and len(self._periods(data)) > MOST_POINTS:
            error = gettext("Choose at most %(count)s periods at once.")
            self.add_error("from", error % {"count": MOST_POINTS})
        return data

    def _apply_dates(self, data: dict[str, Any]) -> None:
        """Set the days that are chosen by name, unless they are one of the periods asked for."""
        named: NamedDates | None = data.get("dates")
        if named is None:
            return
        if self.data.get("from") or self.data.get("to"):
            self.add_error("dates", gettext("Choose either “dates”, or “from” and “to”."))
            return
        data["period"] = data.get("period") or named.kind
        if not (named.is_period and named.kind == data["period"]):
            data["from"], data["to"] = named.first, named.last

    def _granted_run(self, course: Course | None) -> CourseRun | None:
        """Return the latest run of those granted one by one, where no whole course is granted."""
        is_whole = self.reader.course_ids if course is None else None
        course_ids = frozenset({course.pk}) if course else None
        if is_whole or not self.reader.is_limited_to_run(course_ids):
            return None
        runs = self.reader.runs().select_related("course").order_by("-starts_on", "-pk")
        return (runs.filter(course=course) if course else runs).first()

    def to_query(self, *, learners: Iterable[int] | None = None) -> KpiQuery:
        """Return the query of a valid form, limited to the learners with these ids if given."""
        data = self.cleaned_data
        run, module = data["run"], data["module"]
        of_part = run.course if run else module.course if module else None
        course = data["course"] or of_part
        periods = list(self._periods(data))
        courses = None if self.reader.sees_every_course else self.reader.course_ids
        return KpiQuery(
            kind=self.kind,
            periods=periods,
            window=self._window(data["from"], data["to"], periods),
            scope=Scope(
                course_ids=frozenset({course.pk}) if course else courses,
                run_id=run.pk if run else None,
                module_id=module.pk if module else None,
                learner_ids=None if learners is None else frozenset(learners),
            ),
            course=course,
            run=run,
            module=module,
            by=data["by"] or None,
            compare=data["compare"] or None,
            now=self.now,
            chosen=self._chosen(data),
        )

    def _chosen(self, data: Mapping[str, Any]) -> Period | None:
        """Return the one period that is chosen by name; None if its days are a window."""
        named: NamedDates | None = data["dates"]
        if named is None or data["from"]:
            return None
        return containing(named.first, named.kind, reporting_clock.reporting_zone())

    def _window(
        self, first: date | None, last: date | None, periods: Sequence[Period]
    ) -> Period | None:
        """Return the days from `first` to `last` as one period; None if neither is given.

        For readers who may not see small groups it is extended to whole periods. Otherwise the
        difference of two windows could reveal a single day.
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
        if (named := data.get("dates")) and first is None:
            last = named.last
        if first is None:
            noon = datetime(last.year, last.month, last.day, 12, tzinfo=zone) if last else self.now
            return latest(POINTS_SHOWN[self.kind], self.kind, zone, now=noon)
        last = last or max(local_day(self.now, zone), first)
        return list(islice(between(first, last, self.kind, zone), MOST_POINTS + 1))
