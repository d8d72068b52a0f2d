"""An answer as the pages show it: texts, verdict, drawings. No number is made here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core import localized
from kpis.definitions.period_names import period_name
from kpis.definitions.units import NO_VALUE
from kpis.query.results import MetricValue
from presentation import drawing, wording


@dataclass(frozen=True)
class Verdict:
    """A comparison in words; `is_good` is None where neither side is better."""

    words: str
    is_good: bool | None


@dataclass(frozen=True)
class Figure:
    """`scale` is where the scale of its bar ends, in a table of bars; None: its own."""

    answer: MetricValue
    scale: float | None = None

    @property
    def value(self) -> str:
        return self.answer.indicator.unit.text(self.answer.value)

    @property
    def period(self) -> str:
        return period_name(self.answer.period)

    @property
    def target(self) -> str:
        """Empty where none is set."""
        target = self.answer.target
        return wording.goal(self.answer.indicator.unit, float(target.value)) if target else ""

    @property
    def no_target(self) -> str:
        """Why it is compared with none: there is none, or one of something longer or larger."""
        other, unit = self.answer.other_target, self.answer.indicator.unit
        if other is None:
            return "No target is set"
        whole = "all courses together" if other.course_id is None else "the whole course"
        what = whole if self.answer.period.is_one_month else "one month"
        return f"The target of {wording.goal(unit, float(other.value))} is for {what}"

    @property
    def verdict(self) -> Verdict | None:
        """How it stands to its target; None without a value or a target."""
        answer, unit = self.answer, self.answer.indicator.unit
        if answer.difference is None:
            return None
        if wording.is_level(unit, answer.difference):
            return Verdict(f"On target {self.target}", answer.meets_target)
        side = "above" if answer.difference > 0 else "below"
        met = {True: "Target met", False: "Target missed", None: "Too few to judge"}
        gap = f"{wording.gap(unit, answer.difference)} {side} {self.target}"
        return Verdict(f"{met[answer.meets_target]}: {gap}", answer.meets_target)

    @property
    def difference(self) -> str:
        """To the target, with its sign; empty where there is nothing to compare."""
        difference, unit = self.answer.difference, self.answer.indicator.unit
        if difference is None:
            return ""
        sign = "" if wording.is_level(unit, difference) else "−" if difference < 0 else "+"
        return f"{sign}{wording.gap(unit, difference)}"

    @property
    def interval(self) -> str:
        """Both ends, 82.1–88.9%; empty where there is none, for another reason than few."""
        if self.answer.interval is None:
            return wording.TOO_FEW if self.answer.is_few else ""
        unit = self.answer.indicator.unit
        low, high = self.answer.interval
        return f"{unit.bare(low)}–{unit.text(high)}"

    @property
    def is_unsure(self) -> bool:
        """True when the interval holds the target: the difference may be chance."""
        target, interval = self.answer.target, self.answer.interval
        if target is None or interval is None or self.answer.is_few:
            return False
        low, high = (self.answer.indicator.unit.shown(end) for end in interval)
        return low is not None and high is not None and low <= float(target.value) <= high

    @property
    def n(self) -> str:
        return NO_VALUE if self.is_hidden else localized.number(self.answer.sums.n)

    @property
    def fraction(self) -> str:
        """Numerator and denominator; empty without a value, for a total or a mean of components."""
        indicator = self.answer.indicator
        if not self.answer.is_shown or indicator.parts or indicator.is_total:
            return ""
        return f"{_sum(self.answer.sums.total)} of {_sum(self.answer.sums.weight)}"

    @property
    def is_hidden(self) -> bool:
        return self.answer.status == "suppressed"

    @property
    def status(self) -> str:
        return self.answer.status

    @property
    def badge(self) -> str:
        """A word for a status to take note of; empty for a final figure."""
        return "" if self.status == "ok" else wording.STATUS_WORDS[self.status]

    @property
    def own_badge(self) -> str:
        """A status that sets one row of a table apart; what all rows share is said above it."""
        return "" if self.status in ("stale", "provisional") else self.badge

    @property
    def status_word(self) -> str:
        return wording.STATUS_WORDS[self.status]

    @property
    def notes(self) -> list[str]:
        sentences = (
            wording.status_sentence(self.answer),
            wording.few_sentence(self.answer),
            wording.restated_sentence(self.answer),
        )
        return [sentence for sentence in sentences if sentence]

    @property
    def data_through(self) -> str:
        return wording.moment(self.answer.data_through)

    @property
    def computed_at(self) -> str:
        return wording.moment(self.answer.computed_at)

    @property
    def bar(self) -> drawing.Bar | None:
        return drawing.bar(self.answer, self.scale)


def compared(answers: Sequence[MetricValue]) -> list[Figure]:
    """The figures of one KPI that stand below each other, their bars on one scale."""
    scale = drawing.full_length(answers)
    return [Figure(answer, scale) for answer in answers]


def _sum(amount: float) -> str:
    return localized.number(round(amount, 2), 2, trimmed=True)
