"""Findings in plain words: the subject, and what is said of it."""

from __future__ import annotations

from curriculum.models import CourseRun, Module
from insights.finding import Change, FindingCandidate, FindingSubject, StaleFeed
from kpis.definitions.units import PERCENT, POINTS, Unit
from kpis.query.results import MetricValue
from presentation import wording
from presentation.figures import Figure

# about how much of a gap, up to which share
PORTIONS = (
    (0.15, "a tenth"),
    (0.22, "a fifth"),
    (0.29, "a quarter"),
    (0.42, "a third"),
    (0.58, "half"),
    (0.71, "two thirds"),
    (0.85, "three quarters"),
)
LEAST_PORTION = 0.05
NEARLY_ALL, ALL = 0.85, 0.97


def subject_of(subject: FindingSubject) -> str:
    """The KPI and of what: Completion rate in “Python”."""
    return subject.answer.indicator.name + place_of(subject)


def place_of(subject: FindingSubject) -> str:
    """In what, with the course of a part of it; empty for all that the reader may see."""
    thing = subject.thing
    if thing is None:
        return ""
    of_course = f" of “{thing.course}”" if isinstance(thing, CourseRun | Module) else ""
    return f" in “{thing}”{of_course}"


def sentence_of(claim: FindingCandidate) -> str:
    answer = claim.subject.answer
    if claim.change:
        return f"{_moved(answer, claim.change)}{_against_target(answer)}."
    end = _to_course(claim) if claim.is_of_module else ""
    return f" is {_reading(answer)}{_against_target(answer)}{end}."


def name_of_stale_feed(silence: StaleFeed, category: str) -> str:
    return f"{category} of “{silence.course}”" if silence.course else category


def sentence_of_stale_feed(silence: StaleFeed) -> str:
    days = "1 day" if silence.days == 1 else f"{silence.days} days"
    return (
        f" has had no new data since {wording.moment(silence.data_through)}, {days} ago: "
        "its latest figures are not complete."
    )


def _reading(answer: MetricValue) -> str:
    figure, unit = Figure(answer), answer.indicator.unit
    ends = _ends(unit, answer.interval)
    return f"{figure.value} ({ends})" if ends else figure.value


def _against_target(answer: MetricValue) -> str:
    if answer.difference is None:
        return ""
    target, unit = Figure(answer).target, answer.indicator.unit
    if wording.rounds_to_zero(unit, answer.difference):
        return f", on the target of {target}"
    side = "above" if answer.difference > 0 else "below"
    return f", {gap(unit, answer.difference)} {side} the target of {target}"


def _moved(answer: MetricValue, change: Change) -> str:
    unit, fell = answer.indicator.unit, change.value < 0
    interval = change.interval
    if interval and fell:
        interval = -interval[1], -interval[0]
    ends = _ends(unit, interval)
    by = f"{gap(unit, change.value)} ({ends})" if ends else gap(unit, change.value)
    way = "fell" if fell else "rose"
    since, value = Figure(change.before).period, Figure(answer).value
    return f" {way} by {by} since {since}, to {value}"


def _to_course(claim: FindingCandidate) -> str:
    """What the module does to its course; empty where that cannot be told, or is nothing."""
    subject = claim.subject
    if not claim.is_good and (portion := portion_of(subject.share_of_gap)):
        return f"; it accounts for {portion} of the course’s gap"
    contribution, unit = subject.contribution, subject.answer.indicator.unit
    if contribution is None or wording.rounds_to_zero(unit, contribution):
        return ""
    amount = gap(unit, contribution)
    if claim.is_good:
        return f"; it carries the course by {amount}"
    return f"; it holds the course back by {amount}"


def portion_of(share: float | None) -> str:
    """A share as people say it; empty for a small one, or more than all."""
    if share is None or share < LEAST_PORTION:
        return ""
    if share >= ALL:
        return "all"
    if share >= NEARLY_ALL:
        return "nearly all"
    return "about " + next(words for most, words in PORTIONS if share < most)


def gap(unit: Unit, shown: float) -> str:
    """A difference in its unit, without its sign; between percentages it is in points."""
    return wording.difference_text(POINTS if unit == PERCENT else unit, shown)


def _ends(unit: Unit, interval: tuple[float, float] | None) -> str:
    """Both ends without their unit, 58.9–63.7; empty where there is no interval."""
    if interval is None:
        return ""
    low, high = (unit.bare(end) for end in interval)
    return f"{low}–{high}" if interval[0] >= 0 else f"{low} to {high}".replace("-", "−")
