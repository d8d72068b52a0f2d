"""Ask random queries for any KPI, and find out what can be computed from the answers."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.test import Client

from curriculum.models import Course, CourseRun, Module
from kpis.aggregation.grouped_sums import sums_by
from kpis.definitions.periods import WINDOW, Period, containing
from kpis.definitions.registry import REGISTRY, Indicator
from kpis.definitions.scopes import Scope
from kpis.tests.audited import Known

Query = dict[str, str]
# a course, run and module, and the day or Monday on which a fact counts
Atom = tuple[Any, ...]

# whose rows depend on the end of the period: a month is not the sum of its days
NO_SUMS = ("outcome.certification-completion",)
UNCERTAIN = ("pending", "error")


@dataclass(frozen=True)
class Days:
    """From the first to the last day of which random queries ask."""

    first: date
    last: date
    zone: ZoneInfo

    def periods(self, kind: str) -> list[Period]:
        """Return the periods of a kind in these days, and in those around that answers reach."""
        day, found = self.first - timedelta(days=100), list[Period]()
        while day <= self.last + timedelta(days=7):
            found.append(containing(day, kind, self.zone))
            day = found[-1].after
        return found


@dataclass
class Asked:
    """Whom a client manages, and the figures of one KPI that it got and did not get."""

    days: Days
    shown: dict[str, set[frozenset[Atom]]] = field(default_factory=lambda: defaultdict(set))
    hidden: dict[str, set[frozenset[Atom]]] = field(default_factory=lambda: defaultdict(set))
    small: list[Any] = field(default_factory=list)
    values: int = 0

    def __post_init__(self) -> None:
        self._atoms: dict[str, dict[Atom, int]] = {}
        self._people: dict[Any, int] = {}
        self._inside: dict[Any, frozenset[Atom]] = {}
        self._courses = {one.key: one for one in Course.objects.all()}
        runs, modules = (
            {(one.course.key, one.key): one for one in rows.select_related("course")}
            for rows in (CourseRun.objects.all(), Module.objects.all())
        )
        self._runs, self._modules = runs, modules

    def note(self, key: str, query: Query, mine: frozenset[int], values: Sequence[Any]) -> None:
        """Note each value of an answer; `mine` are the courses that the client manages."""
        for value, is_group in values:
            kpi = value.get("kpi") or key
            indicator = REGISTRY[kpi]
            if value["status"] in UNCERTAIN or not indicator.facts:
                continue
            scope = self.scope_of(value, query, mine, is_group=is_group)
            self.values += 1
            self._note(indicator, scope, self.period_of(value, query), value)

    def _note(self, indicator: Indicator, scope: Scope, period: Period, value: Any) -> None:
        people = self.people(indicator, scope, period)
        is_small = 0 < people < settings.KPI_MIN_GROUP
        is_shown = value["status"] != "suppressed"
        if is_shown and is_small:
            self.small.append((indicator.key, scope, period, value["n"], people))
        if not indicator.is_additive or indicator.key in NO_SUMS:
            return
        inside = self.inside(indicator, scope, period)
        if is_shown:
            assert sum(self.atoms(indicator)[one] for one in inside) == int(value["n"] or 0), (
                indicator.key, scope, period, value,
            )  # fmt: skip
        if inside and (is_shown or is_small):
            (self.shown if is_shown else self.hidden)[indicator.key].add(inside)

    def scope_of(self, value: Any, query: Query, mine: frozenset[int], *, is_group: bool) -> Scope:
        course, run, module = (query.get(name) for name in ("course", "run", "module"))
        if is_group and query["by"] == "course":
            course = value["key"]
        elif is_group:
            course = value.get("course") or course
            run, module = (value["key"], module) if query["by"] == "run" else (run, value["key"])
        return Scope(
            frozenset({self._courses[course].pk}) if course else mine,
            self._runs[course, run].pk if course and run else None,
            self._modules[course, module].pk if course and module else None,
        )

    def period_of(self, value: Any, query: Query) -> Period:
        first, after = (
            datetime.fromisoformat(str(value[name])).astimezone(self.days.zone).date()
            for name in ("period_start", "period_end")
        )
        whole = containing(first, query["period"], self.days.zone)
        is_whole = (whole.first, whole.after) == (first, after)
        return whole if is_whole else Period(first, after, WINDOW, self.days.zone)

    def people(self, indicator: Indicator, scope: Scope, period: Period) -> int:
        key = (indicator.key, scope, period)
        if key not in self._people:
            self._people[key] = sums_by(indicator, period, (), scope)[()].learners
        return self._people[key]

    def atoms(self, indicator: Indicator) -> Mapping[Atom, int]:
        """Return the number of facts of each run (and module) on each day, and in each week."""
        if indicator.key not in self._atoms:
            found: dict[Atom, int] = {}
            for kind in ("day", "week") if indicator.grain == "week" else ("day",):
                for period in self.days.periods(kind):
                    found |= self._atoms_in(indicator, period)
            self._atoms[indicator.key] = found
        return self._atoms[indicator.key]

    def _atoms_in(self, indicator: Indicator, period: Period) -> dict[Atom, int]:
        by = ("course", *(("run",) if indicator.has_runs else ()))
        runs = {ids: sums.n for ids, sums in sums_by(indicator, period, by).items()}
        where = (period.kind, period.first)
        found = {(*ids, *(0,) * (2 - len(ids)), 0, *where): n for ids, n in runs.items()}
        if indicator.has_modules:
            of_modules = sums_by(indicator, period, (*by, "module")).items()
            for (*ids, module), sums in of_modules:
                if module is not None:
                    found[*ids, *(0,) * (2 - len(ids)), module, *where] = sums.n
        return found

    def inside(self, indicator: Indicator, scope: Scope, period: Period) -> frozenset[Atom]:
        """Return the facts that a figure adds up: those of days, or of the Mondays inside.

        Those of a module are none of its run's: a learner's week with two modules is one of each.
        """
        key = (indicator.key, scope, period)
        if key not in self._inside:
            self._inside[key] = self._find_inside(indicator, scope, period)
        return self._inside[key]

    def _find_inside(self, indicator: Indicator, scope: Scope, period: Period) -> frozenset[Atom]:
        kind = "week" if indicator.grain == "week" and period.kind != "day" else "day"
        return frozenset(
            (course, run, module, of, day)
            for course, run, module, of, day in self.atoms(indicator)
            if of == kind
            and period.first <= day < period.after
            and course in (scope.course_ids or ())
            and scope.run_id in (None, run)
            and (scope.module_id or 0) == module
        )

    def revealed(self) -> list[tuple[str, frozenset[Atom]]]:
        """Return the small figures not shown that are linear combinations of those shown."""
        return [
            (key, one)
            for key, hidden in self.hidden.items()
            for known in [Known(sorted(self.shown[key], key=len))]
            for one in hidden
            if known.reveals(one)
        ]


def random_query(rng: Random, days: Days, runs: Sequence[CourseRun], indicator: Indicator) -> Query:
    """Return a query of a KPI that its API answers for whoever manages these runs."""
    query: Query = {"period": rng.choice(("day", "week", "month", "quarter"))}
    run = rng.choice(runs)
    if rng.random() < 0.7:
        query["course"] = run.course.key
        if indicator.has_runs and rng.random() < 0.5:
            query["run"] = run.key
        if indicator.has_modules and rng.random() < 0.25:
            query["module"] = rng.choice(list(run.course.modules.all())).key
    first = days.first + timedelta(days=rng.randrange((days.last - days.first).days))
    last = first + timedelta(days=rng.choice((0, 1, 6, 13, 30, 60)))
    query |= {"from": str(first), "to": str(min(days.last, last))}
    if rng.random() < 0.5:
        by = ["course", *(["run"] if indicator.has_runs else [])]
        query["by"] = rng.choice([*by, *(["module"] if indicator.has_modules else [])])
    if rng.random() < 0.2:
        query["format"] = "csv"
    elif rng.random() < 0.15:
        query["compare"] = rng.choice(("previous", "target"))
    return query


def values_of(answer: Any, query: Query) -> list[tuple[Any, bool]]:
    """Return each value of a response, and whether it is of a group."""
    if query.get("format") == "csv":
        rows = csv.DictReader(io.StringIO(answer.content.decode()))
        return [(row, "by" in query) for row in rows]
    body = answer.json()
    more = (body.get("window"), body.get("comparison", {}).get("answer"))
    parts = [one | {"kpi": one["key"]} for one in body.get("components", ())]
    alone = [body["current"], *body["series"], *filter(None, more), *parts]
    groups = body.get("groups", ()) if "by" in query else ()
    return [(one, False) for one in alone] + [(one, True) for one in groups]


def ask(client: Client, indicator: Indicator, query: Query) -> Any:
    answer = client.get(indicator.api_url, query)
    assert answer.status_code == 200, (indicator.key, query, answer.content[:300])
    return answer
