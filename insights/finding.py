"""Findings: what stands out among the KPIs, as a sentence with a link."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Protocol

from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from core.lazy_text import LazyText
from curriculum.models import Course, CourseRun, Module
from kpis.query.comparisons import Comparison
from kpis.query.results import GroupObject, MetricValue
from kpis.statistics.intervals import Interval


class FindingKind(StrEnum):
    STALE = "stale"
    MISSED = "missed"
    WEAK_MODULE = "weak_module"
    MOVED = "moved"
    EXCEEDED = "exceeded"
    STRONG_MODULE = "strong_module"


LABELS: dict[tuple[FindingKind, bool], LazyText] = {
    (FindingKind.STALE, False): gettext_lazy("Stale data"),
    (FindingKind.MISSED, False): gettext_lazy("Target missed"),
    (FindingKind.WEAK_MODULE, False): gettext_lazy("Weak module"),
    (FindingKind.MOVED, False): gettext_lazy("Worse than before"),
    (FindingKind.EXCEEDED, True): gettext_lazy("Target exceeded"),
    (FindingKind.MOVED, True): gettext_lazy("Better than before"),
    (FindingKind.STRONG_MODULE, True): gettext_lazy("Strong module"),
}
# doubtful data first, then problems, then successes
ORDER = tuple(LABELS)
# sorts findings: by kind, the whole before its courses, the largest first
Rank = tuple[int, bool, float]


def rank_of(kind: FindingKind, size: float, *, is_good: bool, is_course: bool = False) -> Rank:
    """Return the rank of a finding; courses that do well come last of all."""
    order = len(ORDER) if is_good and is_course else ORDER.index((kind, is_good))
    return order, is_course, -size


@dataclass(frozen=True)
class FindingSubject:
    """One KPI in one closed period.

    `thing` is the course, run or module; None for everything that the reader may see. `before` is
    the previous period, `whole` the course of a module. `is_part`: one of several in the query.
    """

    metric_value: MetricValue
    thing: GroupObject | None = None
    before: MetricValue | None = None
    whole: MetricValue | None = None
    is_part: bool = False

    @property
    def course(self) -> Course | None:
        if isinstance(self.thing, CourseRun | Module):
            return self.thing.course
        return self.thing if isinstance(self.thing, Course) else None

    @property
    def contribution(self) -> float | None:
        """What a module contributes to the course's distance from the target, in the unit.

        Its weight × (value − target) ÷ the course's weight. None if the course is not the sum of
        its modules.
        """
        metric_value, whole = self.metric_value, self.whole
        if whole is None or not whole.sums.weight or metric_value.difference is None:
            return None
        if metric_value.indicator.parts or not metric_value.indicator.is_additive:
            return None
        return metric_value.sums.weight / whole.sums.weight * metric_value.difference

    @property
    def share_of_gap(self) -> float | None:
        """The module's share of the course's gap; None if the course meets its target."""
        if self.contribution is None or self.whole is None or not self.whole.difference:
            return None
        is_gap = self.whole.meets_target is False and self.contribution * self.whole.difference > 0
        return self.contribution / self.whole.difference if is_gap else None


@dataclass(frozen=True)
class Change:
    """The change since the previous period, in the unit; a total has no interval."""

    value: float
    interval: Interval | None
    before: MetricValue


@dataclass(frozen=True)
class FindingCandidate:
    """A possible finding. `comparison` is None for a total, which needs no test."""

    kind: FindingKind
    subject: FindingSubject
    is_good: bool
    comparison: Comparison | None = None
    change: Change | None = None

    @property
    def is_of_module(self) -> bool:
        return self.kind in (FindingKind.WEAK_MODULE, FindingKind.STRONG_MODULE)

    @property
    def size(self) -> float:
        """The size by which findings of a kind are ranked."""
        metric_value = self.subject.metric_value
        if self.is_of_module:
            return abs(self.subject.contribution or metric_value.difference or 0.0)
        if self.change:
            return _relative(self.change.value, self.change.before.shown)
        goal = None if metric_value.target is None else float(metric_value.target.value)
        return _relative(metric_value.difference, goal)


@dataclass(frozen=True)
class StaleFeed:
    """A category without new data: of one course, or of all courses queried (None)."""

    category: str
    course: Course | None
    data_through: datetime
    days: int


class Description(Protocol):
    """A sentence about a finding; with a link it is HTML."""

    def __str__(self) -> str: ...
    def with_link(self, url: str) -> SafeString: ...


@dataclass(frozen=True)
class Finding:
    """What stands out; it comes from a candidate or from a stale feed.

    It is put into words when it is shown: `describe` returns its sentence and the link to its page.
    """

    kind: FindingKind
    is_good: bool
    category: str
    describe: Callable[[], tuple[Description, str]]
    candidate: FindingCandidate | None = None
    stale_feed: StaleFeed | None = None

    @cached_property
    def _description(self) -> tuple[Description, str]:
        return self.describe()

    @property
    def sentence(self) -> str:
        return str(self._description[0])

    @property
    def html(self) -> SafeString:
        """The sentence with its subject linked to the page."""
        sentence, link = self._description
        return sentence.with_link(link)

    @property
    def link(self) -> str:
        return self._description[1]

    @property
    def label(self) -> LazyText:
        return LABELS[self.kind, self.is_good]

    @property
    def order(self) -> int:
        """The rank of its kind."""
        return self.rank[0]

    @property
    def rank(self) -> Rank:
        if self.candidate is None:
            days = self.stale_feed.days if self.stale_feed else 0
            return rank_of(self.kind, days, is_good=self.is_good)
        is_course = self.candidate.subject.is_part and not self.candidate.is_of_module
        return rank_of(self.kind, self.candidate.size, is_good=self.is_good, is_course=is_course)


def _relative(amount: float | None, base: float | None) -> float:
    """Return the amount relative to a base; without a base, the amount itself."""
    return abs(amount or 0.0) / (abs(base) if base else 1.0)
