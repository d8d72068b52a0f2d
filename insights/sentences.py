"""The sentences of findings, in the active language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, gettext_noop, ngettext

from core import localized
from curriculum.models import CourseRun, Module
from insights.finding import Change, FindingCandidate, FindingSubject, StaleFeed
from kpis.definitions.units import PERCENT, POINTS, Unit
from kpis.query.results import MetricValue
from presentation import figures
from presentation.figures import Figure

# the sentence for the share of a gap, by the largest share it covers
SHARES_OF_GAP = (
    (0.15, gettext_noop("The module accounts for about a tenth of the course’s gap.")),
    (0.22, gettext_noop("The module accounts for about a fifth of the course’s gap.")),
    (0.29, gettext_noop("The module accounts for about a quarter of the course’s gap.")),
    (0.42, gettext_noop("The module accounts for about a third of the course’s gap.")),
    (0.58, gettext_noop("The module accounts for about half of the course’s gap.")),
    (0.71, gettext_noop("The module accounts for about two thirds of the course’s gap.")),
    (0.85, gettext_noop("The module accounts for about three quarters of the course’s gap.")),
    (0.97, gettext_noop("The module accounts for nearly all of the course’s gap.")),
)
WHOLE_GAP = gettext_noop("The module accounts for all of the course’s gap.")
SMALLEST_SHARE = 0.05


@dataclass(frozen=True)
class Sentence:
    """A translated sentence with a placeholder for its subject, which pages link."""

    template: str
    values: dict[str, Any]
    subject: str

    def __str__(self) -> str:
        return self.template % (self.values | {"subject": self.subject})

    def with_link(self, url: str) -> SafeString:
        link = format_html('<a href="{}">{}</a>', url, self.subject)
        values = {name: conditional_escape(value) for name, value in self.values.items()}
        html = str(conditional_escape(self.template)) % (values | {"subject": link})
        return mark_safe(html)  # noqa: S308 - all parts are escaped


def describe_error(candidate: FindingCandidate) -> Sentence:
    value, change = candidate.subject.metric_value, candidate.change
    more = []
    if change:
        template, values = _change(value, change)
        more.append(_distance(value))
    else:
        template, values = _comparison(value)
    if candidate.is_of_module:
        more.append(_effect_on_course(candidate))
    # these are complete sentences, in which a percent sign is no placeholder
    rest = [one.replace("%", "%%") for one in more if one]
    return Sentence(" ".join([template, *rest]), values, subject_of(candidate.subject))


def subject_of(subject: FindingSubject) -> str:
    """Return the KPI and where it was measured, such as Completion rate in “Python”."""
    kpi, thing = subject.metric_value.indicator.name, subject.thing
    if thing is None:
        return kpi
    if isinstance(thing, CourseRun | Module):
        values = {"kpi": kpi, "part": thing, "course": thing.course}
        return gettext("%(kpi)s in “%(part)s” of “%(course)s”") % values
    return gettext("%(kpi)s in “%(course)s”") % {"kpi": kpi, "course": thing}


def stale_sentence(feed: StaleFeed, category: str) -> Sentence:
    subject = category
    if feed.course:
        values = {"category": category, "course": feed.course}
        subject = gettext("%(category)s of “%(course)s”") % values
    template = ngettext(
        "%(subject)s has had no new data for %(days)s day (since %(moment)s), "
        "so its latest values are incomplete.",
        "%(subject)s has had no new data for %(days)s days (since %(moment)s), "
        "so its latest values are incomplete.",
        feed.days,
    )
    times = {"days": localized.number(feed.days), "moment": figures.moment(feed.data_through)}
    return Sentence(template, times, subject)


def _comparison(value: MetricValue) -> tuple[str, dict[str, str]]:
    figure, unit = Figure(value), value.indicator.unit
    ends = _ends(unit, value.interval)
    texts = {"value": f"{figure.value} ({ends})" if ends else figure.value}
    if value.difference is None:
        return gettext("%(subject)s is %(value)s."), texts
    texts |= {"gap": gap(unit, value.difference), "target": figure.target}
    if figures.rounds_to_zero(unit, value.difference):
        return gettext("%(subject)s is %(value)s, exactly on the target of %(target)s."), texts
    if value.difference > 0:
        return gettext("%(subject)s is %(value)s, %(gap)s above the target of %(target)s."), texts
    return gettext("%(subject)s is %(value)s, %(gap)s below the target of %(target)s."), texts


def _change(value: MetricValue, change: Change) -> tuple[str, dict[str, str]]:
    unit, fell, interval = value.indicator.unit, change.value < 0, change.interval
    if interval and fell:
        interval = -interval[1], -interval[0]
    amount, ends = gap(unit, change.value), _ends(unit, interval)
    texts = {
        "change": f"{amount} ({ends})" if ends else amount,
        "period": Figure(change.before).period,
        "value": Figure(value).value,
    }
    if fell:
        return gettext("%(subject)s fell by %(change)s since %(period)s, to %(value)s."), texts
    return gettext("%(subject)s rose by %(change)s since %(period)s, to %(value)s."), texts


def _distance(value: MetricValue) -> str:
    """Return how far a value that changed is from its target; empty without a target."""
    if value.difference is None:
        return ""
    unit = value.indicator.unit
    texts = {"gap": gap(unit, value.difference), "target": Figure(value).target}
    if figures.rounds_to_zero(unit, value.difference):
        return gettext("That is exactly the target of %(target)s.") % texts
    if value.difference > 0:
        return gettext("That is %(gap)s above the target of %(target)s.") % texts
    return gettext("That is %(gap)s below the target of %(target)s.") % texts


def _effect_on_course(candidate: FindingCandidate) -> str:
    """Return what the module contributes to its course; empty if unknown or negligible."""
    subject = candidate.subject
    if not candidate.is_good and (sentence := share_sentence(subject.share_of_gap)):
        return sentence
    contribution, unit = subject.contribution, subject.metric_value.indicator.unit
    if contribution is None or figures.rounds_to_zero(unit, contribution):
        return ""
    amount = {"amount": gap(unit, contribution)}
    if candidate.is_good:
        return gettext("The module lifts the course by %(amount)s.") % amount
    return gettext("The module holds the course back by %(amount)s.") % amount


def share_sentence(share: float | None) -> str:
    """Return which part of the course's gap is the module's; empty for a small one."""
    if share is None or share < SMALLEST_SHARE:
        return ""
    return gettext(next((text for most, text in SHARES_OF_GAP if share < most), WHOLE_GAP))


def gap(unit: Unit, shown: float) -> str:
    """Return a difference without its sign, in points for percentages."""
    return figures.difference_text(POINTS if unit == PERCENT else unit, shown)


def _ends(unit: Unit, interval: tuple[float, float] | None) -> str:
    """Return both ends of an interval without their unit, 58.9–63.7; empty without one."""
    if interval is None:
        return ""
    low, high = (unit.bare(end) for end in interval)
    if interval[0] >= 0:
        return f"{low}–{high}"
    return (gettext("%(low)s to %(high)s") % {"low": low, "high": high}).replace("-", "−")
