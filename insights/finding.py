"""What is found: one thing worth knowing, said in a sentence, with where one acts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from curriculum.models import Course, CourseRun, Module
from kpis.query.results import GroupObject, MetricValue
from kpis.statistics.intervals import Interval


class FindingKind(StrEnum):
    STALE = "stale"
    MISSED = "missed"
    WEAK_MODULE = "weak_module"
    MOVED = "moved"
    EXCEEDED = "exceeded"
    STRONG_MODULE = "strong_module"


LABELS = {
    (FindingKind.STALE, False): "Out of date",
    (FindingKind.MISSED, False): "Target missed",
    (FindingKind.WEAK_MODULE, False): "Weak module",
    (FindingKind.MOVED, False): "Worse than before",
    (FindingKind.EXCEEDED, True): "Target exceeded",
    (FindingKind.MOVED, True): "Better than before",
    (FindingKind.STRONG_MODULE, True): "Strong module",
}
# what comes first: what makes all else doubtful, then what asks for an act, then what went well
ORDER = tuple(LABELS)


@dataclass(frozen=True)
class FindingSubject:
    """One KPI of one thing in a period that is closed.

    `thing` is None for all that the reader may see; `before` is the period before, `whole` the
    course that a module is a part of. `is_part` tells a part of what was asked from the whole.
    """

    answer: MetricValue
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
        """What a module adds to the course's distance from the target, in the unit.

        Its weight × (value − target) ÷ the course's weight; below 0 it holds back a KPI of which
        more is better. None where the course is not the sum of its modules.
        """
        answer, whole = self.answer, self.whole
        if whole is None or not whole.sums.weight or answer.difference is None:
            return None
        if answer.indicator.parts or not answer.indicator.is_additive:
            return None
        return answer.sums.weight / whole.sums.weight * answer.difference

    @property
    def share_of_gap(self) -> float | None:
        """How much of the course's gap the module accounts for; None where there is no gap."""
        if self.contribution is None or self.whole is None or not self.whole.difference:
            return None
        is_gap = self.whole.meets_target is False and self.contribution * self.whole.difference > 0
        return self.contribution / self.whole.difference if is_gap else None


@dataclass(frozen=True)
class Change:
    """How far the value moved since the period before, in the unit; a total has no interval."""

    value: float
    interval: Interval | None
    before: MetricValue


@dataclass(frozen=True)
class FindingCandidate:
    """What a subject seems to show, and how likely chance alone shows as much.

    `chance` is None for what is counted whole and so needs no test.
    """

    kind: FindingKind
    subject: FindingSubject
    is_good: bool
    chance: float | None = None
    change: Change | None = None

    @property
    def is_of_module(self) -> bool:
        return self.kind in (FindingKind.WEAK_MODULE, FindingKind.STRONG_MODULE)

    @property
    def size(self) -> float:
        """How much it matters among its kind."""
        answer = self.subject.answer
        if self.is_of_module:
            return abs(self.subject.contribution or answer.difference or 0.0)
        if self.change:
            return _relative(self.change.value, self.change.before.shown)
        goal = None if answer.target is None else float(answer.target.value)
        return _relative(answer.difference, goal)


@dataclass(frozen=True)
class StaleFeed:
    """A feed that has gone stale: of one course, or of all courses in the scope (None)."""

    category: str
    course: Course | None
    data_through: datetime
    days: int


@dataclass(frozen=True)
class Finding:
    """`subject` and `rest` make the sentence; `link` is the address of where one acts."""

    kind: FindingKind
    is_good: bool
    subject: str
    rest: str
    link: str
    category: str
    claim: FindingCandidate | None = None
    silence: StaleFeed | None = None

    @property
    def sentence(self) -> str:
        return self.subject + self.rest

    @property
    def label(self) -> str:
        return LABELS[self._key]

    @property
    def order(self) -> int:
        """The place of its kind; courses that do well come last of all."""
        return len(ORDER) if self.is_good and self._is_course else ORDER.index(self._key)

    @property
    def rank(self) -> tuple[int, bool, float]:
        """Its place by kind, the whole before its courses, and by size; the least comes first."""
        if self.claim is None:
            return self.order, False, -(self.silence.days if self.silence else 0)
        return self.order, self._is_course, -self.claim.size

    @property
    def _key(self) -> tuple[FindingKind, bool]:
        return self.kind, self.is_good

    @property
    def _is_course(self) -> bool:
        """True of one course among those asked about."""
        claim = self.claim
        return claim is not None and claim.subject.is_part and not claim.is_of_module


def _relative(amount: float | None, base: float | None) -> float:
    """The amount against what it is measured by; of nothing, the amount itself."""
    return abs(amount or 0.0) / (abs(base) if base else 1.0)
