"""Which figures are stale after facts changed: it follows from what each KPI declares to read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, cached_property
from typing import Any

from django.db.models import Model, QuerySet
from django.utils import timezone

from core import changes
from core.changes import DatedEvent, Known, Rows
from core.database.compiled_queries import CompiledQuery, Selection, Template
from kpis.definitions.facts import Facts, Link
from kpis.definitions.registry import REGISTRY
from kpis.recompute import stale_days
from kpis.recompute.stale_days import Span, day_of

# by the key of a KPI and a kind of period; an empty one stands for periods of every kind
Spans = dict[tuple[str, str], set[Span]]
Latest = dict[str, dict[int, datetime]]


@dataclass(frozen=True)
class Reader:
    """A KPI and one of the models that it reads."""

    key: str
    facts: Facts

    @property
    def days(self) -> Days:
        return Days(self.facts.course, self.facts.at, self.facts.until)


@dataclass(frozen=True)
class Days:
    """The lookup paths to the course and to the dates of fact rows."""

    course: str | None
    at: str
    until: str | None

    def behind(self, path: str) -> Days:
        """Return the paths from rows from which this path leads to the fact rows."""
        course, at, until = (one and f"{path}__{one}" for one in (self.course, self.at, self.until))
        return Days(course, at or "", until)

    def select(self, rows: QuerySet[Any]) -> QuerySet[Any, tuple[Any, ...]]:
        """Select the dates of these rows, and their courses, each combination once."""
        paths = [path for path in (self.at, self.until, self.course) if path]
        dated = rows.filter(**{f"{self.at}__isnull": False})
        return dated.order_by().values_list(*paths).distinct()

    def spans(self, found: Iterable[tuple[Any, ...]]) -> Iterator[Span]:
        """Yield the courses and days of what `select` found."""
        local_day = stale_days.local_days()
        for row in found:
            first = local_day(row[0])
            last = local_day(row[1] or timezone.now()) if self.until else first
            yield row[-1] if self.course else None, first, last

    def of(self, rows: QuerySet[Any]) -> Iterator[Span]:
        """Yield the course and the days on which these rows count, each once."""
        return self.spans(self.select(rows).iterator())


class FactChanges:
    """The stale days of each KPI, and the latest event per category and course.

    Handlers that each wrote their own would lock the same rows in different orders.
    """

    def __init__(self) -> None:
        self._spans: Spans = defaultdict(set)
        self._latest: Latest = defaultdict(dict)
        self._received_at: datetime | None = None

    def changed(
        self,
        rows: Rows,
        *,
        spans: Iterable[changes.Span] | None = None,
        **known: Iterable[Known],
    ) -> None:
        dated = {path: set(some) for path, some in known.items()}
        dates = {path: list(_single_days(some)) for path, some in dated.items()}
        held = None if spans is None else list(_held_days(spans))
        read: dict[Any, list[Span]] = {}
        for one, link in self._links[rows.model]:
            path = f"{link}__{one.facts.at}" if link else one.facts.at
            days = dates.get(path)
            if link and one.facts.sees_until_end and path in dated:
                self._add_ending_later(one.key, dated[path])
                continue
            if one.facts.until and spans is None and days is not None:
                days = [_from_then_on(span) for span in days]
            elif one.facts.until and not link:
                days = held
            if days is None:
                self._add_read(read, one, link, rows)
            else:
                self._add(one.key, days)

    @cached_property
    def _links(self) -> Mapping[type[Model], Sequence[tuple[Reader, Link]]]:
        """What reads each model, with the link from its rows to the fact rows."""
        found: dict[type[Model], list[tuple[Reader, Link]]] = defaultdict(list)
        for one in readers():
            found[one.facts.model].append((one, ""))
            for model, link in one.facts.reads.items():
                found[model].append((one, link))
        return found

    def changed_through(self, model: type[Model], rows: QuerySet[Any]) -> None:
        for one in readers():
            if one.facts.model is rows.model and model in one.facts.reads:
                self._add(one.key, one.days.of(rows))

    def changed_enrollments(self, **lookups: Any) -> None:
        read: dict[Any, list[Span]] = {}
        for one in readers():
            if one.facts.enrollment is not None:
                via = f"{one.facts.enrollment}__" if one.facts.enrollment else ""
                # joins, not a subquery: without statistics PostgreSQL would run it row by row
                of_them = {f"{via}{name}": value for name, value in lookups.items()}
                self._add_read(read, one, "", QuerySet(one.facts.model).filter(**of_them))

    def changed_people(self, learners: QuerySet[Any] | Collection[int]) -> None:
        for one in readers():
            if one.facts.enrollment is None and one.facts.person is not None:
                rows: QuerySet[Any] = QuerySet(one.facts.model)
                of_them = rows.filter(**{f"{one.facts.person}__in": learners})
                self._add(one.key, one.days.of(of_them))

    def _add_read(self, read: dict[Any, list[Span]], one: Reader, link: Link, rows: Rows) -> None:
        """Add the days of rows, or of those behind a link, and read them once for all KPIs."""
        how = (one.facts.model, one.days, link)
        if how not in read:
            read[how] = list(_days_behind(one, link, rows))
        self._add(one.key, read[how])

    def _add_ending_later(self, key: str, rows: Iterable[Known]) -> None:
        """Add the periods around the dates of rows that do not end before the rows changed."""
        local_day = stale_days.local_days()
        days = {
            (course, local_day(at), local_day(since[0]) if since else date.min)
            for course, at, *since in rows
            if at is not None
        }
        kinds = cache(stale_days.kinds_ending_after)
        for course, day, since in days:
            for kind in kinds(day, since):
                self._spans[key, kind].add((course, day, day))

    def _add(self, key: str, spans: Iterable[Span]) -> None:
        self._spans[key, ""].update(spans)

    def update_freshness(self, category: str, events: Sequence[DatedEvent]) -> None:
        for event in events:
            if event.course_id is not None:
                self._add_latest(category, event.course_id, event.occurred_at)
                self._received_at = max(event.received_at, self._received_at or event.received_at)

    def _add_latest(self, category: str, course: int, at: datetime) -> None:
        latest = self._latest[category]
        latest[course] = max(at, latest.get(course, at))

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        spans, latest, received_at = self._spans, self._latest, self._received_at
        self._spans, self._latest = defaultdict(set), defaultdict(dict)
        try:
            yield
        except BaseException:
            self._spans, self._latest, self._received_at = spans, latest, received_at
            raise
        new_spans, self._spans = self._spans, spans
        new_latest, self._latest = self._latest, latest
        for of, some in new_spans.items():
            self._spans[of] |= some
        for category, courses in new_latest.items():
            for course, at in courses.items():
                self._add_latest(category, course, at)

    def write(self) -> None:
        stale_days.write_spans_of_kinds(self._spans)
        if self._received_at:
            stale_days.write_freshness(self._latest, received_at=self._received_at)


def readers() -> Iterator[Reader]:
    """Yield what each KPI reads; a composite reads what its components do."""
    for key, indicator in REGISTRY.items():
        yield from (Reader(key, facts) for facts in indicator.all_facts)


# queries for the days behind the rows of a template
COMPILED: dict[tuple[Template, Days, Link], CompiledQuery] = {}


def _days_behind(one: Reader, link: Link, rows: Rows) -> Iterator[Span]:
    days = one.days.behind(link) if link and isinstance(link, str) else one.days
    if not isinstance(rows, Selection):
        return days.of(link(rows) if callable(link) else rows)
    key = (rows.template, days, link)
    if key not in COMPILED:
        some = rows.template.rows
        COMPILED[key] = CompiledQuery(days.select(link(some) if callable(link) else some))
    return days.spans(COMPILED[key].run(**rows.values))


def _single_days(rows: Iterable[Known]) -> Iterator[Span]:
    local_day = stale_days.local_days()
    for course, at, *_ in rows:
        if at is not None:
            day = local_day(at)
            yield course, day, day


def _from_then_on(span: Span) -> Span:
    """Return all days since a row began, where it is not known until when it held before."""
    course, first, _ = span
    return course, first, max(first, day_of(timezone.now()))


def _held_days(spans: Iterable[changes.Span]) -> Iterator[Span]:
    for course, since, until in spans:
        first = day_of(since)
        yield course, first, max(first, day_of(until))
