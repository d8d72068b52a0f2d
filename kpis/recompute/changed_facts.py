"""Which figures are stale after facts changed: it follows from what each KPI declares to read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Model, QuerySet
from django.utils import timezone

from core import changes
from core.changes import CourseId, Dated, DatedEvent
from kpis.definitions.facts import Facts, Link
from kpis.definitions.registry import REGISTRY
from kpis.recompute import stale_days
from kpis.recompute.stale_days import Span, day_of

Spans = dict[str, set[Span]]
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

    def of(self, rows: QuerySet[Any]) -> Iterator[Span]:
        """Yield the course and the days on which these rows count, each once."""
        course = F(self.course) if self.course else None
        names = {"changed_at": F(self.at)}
        if self.until:
            names["changed_until"] = F(self.until)
        if course:
            names["changed_course"] = course
        dated = rows.filter(**{f"{self.at}__isnull": False}).order_by()
        for row in dated.annotate(**names).values(*names).distinct().iterator():
            until = (row["changed_until"] or timezone.now()) if self.until else row["changed_at"]
            yield row.get("changed_course"), day_of(row["changed_at"]), day_of(until)


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
        rows: QuerySet[Any],
        *,
        spans: Iterable[changes.Span] | None = None,
        **known: Iterable[tuple[CourseId, Dated | None]],
    ) -> None:
        dates = {name: list(_single_days(pairs)) for name, pairs in known.items()}
        held = None if spans is None else list(_held_days(spans))
        read: dict[Any, list[Span]] = {}
        for one in readers():
            if one.facts.model is rows.model:
                days = dates.get(one.facts.at)
                if one.facts.until and spans is None and days is not None:
                    days = [_from_then_on(span) for span in days]
                elif one.facts.until:
                    days = held
                if days is None:
                    self._add_read(read, one, "", rows)
                else:
                    self._add(one.key, days)
            if (link := one.facts.reads.get(rows.model)) is not None:
                self._add_read(read, one, link, rows)

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

    def _add_read(
        self, read: dict[Any, list[Span]], one: Reader, link: Link, rows: QuerySet[Any]
    ) -> None:
        """Add the days of rows, or of those behind a link, and read them once for all KPIs."""
        how = (one.facts.model, one.days, link)
        if how not in read:
            read[how] = list(_days_behind(one, link, rows))
        self._add(one.key, read[how])

    def _add(self, key: str, spans: Iterable[Span]) -> None:
        self._spans[key].update(spans)

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
        for key, some in new_spans.items():
            self._spans[key] |= some
        for category, courses in new_latest.items():
            for course, at in courses.items():
                self._add_latest(category, course, at)

    def write(self) -> None:
        stale_days.write_spans(self._spans)
        if self._received_at:
            stale_days.write_freshness(self._latest, received_at=self._received_at)


def readers() -> Iterator[Reader]:
    """Yield what each KPI reads; a composite reads what its components do."""
    for key, indicator in REGISTRY.items():
        yield from (Reader(key, facts) for facts in indicator.all_facts)


def _days_behind(one: Reader, link: Link, rows: QuerySet[Any]) -> Iterator[Span]:
    if link == "":
        return one.days.of(rows)
    if callable(link):
        return one.days.of(link(rows))
    paths = (one.facts.course, one.facts.at, one.facts.until)
    course, at, until = (path and f"{link}__{path}" for path in paths)
    return Days(course, at or "", until).of(rows)


def _single_days(pairs: Iterable[tuple[CourseId, Dated | None]]) -> Iterator[Span]:
    for course, at in pairs:
        if at is not None:
            day = day_of(at)
            yield course, day, day


def _from_then_on(span: Span) -> Span:
    """Return all days since a row began, where it is not known until when it held before."""
    course, first, _ = span
    return course, first, max(first, day_of(timezone.now()))


def _held_days(spans: Iterable[changes.Span]) -> Iterator[Span]:
    for course, since, until in spans:
        first = day_of(since)
        yield course, first, max(first, day_of(until))
