"""A KPI value as pages show it: texts, comparison with the target, and bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from django.conf import settings
from django.utils.translation import gettext, gettext_lazy, gettext_noop, ngettext, pgettext_lazy

from core import localized, reporting_clock
from core.lazy_text import LazyText
from kpis.definitions.period_names import period_name
from kpis.definitions.units import EXACT, NO_VALUE, PERCENT, Unit, rounded
from kpis.query.comparisons import with_target
from kpis.query.results import MetricValue
from presentation import svg_drawings

PERCENTAGE_POINTS = replace(PERCENT, symbol=gettext_noop("pts"))
STATUS_NAMES: dict[str, LazyText] = {
    "ok": pgettext_lazy("status of a period", "Closed"),
    "provisional": gettext_lazy("Provisional"),
    "low_n": gettext_lazy("Few observations"),
    "suppressed": gettext_lazy("Hidden"),
    "no_data": gettext_lazy("No data"),
    "not_mature": gettext_lazy("Too early"),
    "stale": gettext_lazy("Out of date"),
    "pending": gettext_lazy("Being computed"),
    "error": gettext_lazy("Failed"),
}
STATUS_NOTES: dict[str, LazyText] = {
    "no_data": gettext_lazy("There is no data for this period."),
    "not_mature": gettext_lazy("It is too early to measure this."),
    "stale": gettext_lazy("The latest data is from %(moment)s. Newer data is missing."),
    "pending": gettext_lazy("New data has arrived. This value is being computed."),
    "error": gettext_lazy("This value could not be computed."),
}
# by whether the target is met (None: too few observations), and whether the value is above it
VERDICTS: dict[tuple[bool | None, bool], LazyText] = {
    (True, True): gettext_lazy("Target met: %(difference)s above %(target)s"),
    (True, False): gettext_lazy("Target met: %(difference)s below %(target)s"),
    (False, True): gettext_lazy("Target missed: %(difference)s above %(target)s"),
    (False, False): gettext_lazy("Target missed: %(difference)s below %(target)s"),
    (None, True): gettext_lazy("Too few observations: %(difference)s above %(target)s"),
    (None, False): gettext_lazy("Too few observations: %(difference)s below %(target)s"),
}
# by whether the target is met
CSS_CLASSES = {None: "level", True: "good", False: "bad"}


@dataclass(frozen=True)
class Verdict:
    """A comparison in words; `is_good` is None if neither side is better."""

    text: str
    is_good: bool | None

    @property
    def css_class(self) -> str:
        return CSS_CLASSES[self.is_good]


@dataclass(frozen=True)
class Figure:
    """`bar_scale` is the value at the end of the bar; None: the bar's own scale."""

    metric_value: MetricValue
    bar_scale: float | None = None

    @property
    def value(self) -> str:
        return self.metric_value.indicator.unit.text(self.metric_value.value)

    @property
    def period(self) -> str:
        return period_name(self.metric_value.period)

    @property
    def target(self) -> str:
        """The target in force; empty if there is none."""
        target = self.metric_value.target
        unit = self.metric_value.indicator.unit
        return target_text(unit, float(target.value)) if target else ""

    @property
    def no_target(self) -> str:
        """The reason why the value is not compared with a target."""
        other = self.metric_value.other_target
        if other is None:
            return gettext("No target set")
        unit = self.metric_value.indicator.unit
        target = {"target": target_text(unit, float(other.value))}
        if not self.metric_value.period.is_one_month:
            return gettext("The target of %(target)s is for one month") % target
        if other.course_id is None:
            return gettext("The target of %(target)s is for all courses together") % target
        return gettext("The target of %(target)s is for the whole course") % target

    @cached_property
    def verdict(self) -> Verdict | None:
        """The comparison with the target; None without a value or a target."""
        difference, is_good = self.metric_value.difference, self.metric_value.meets_target
        if difference is None:
            return None
        unit = self.metric_value.indicator.unit
        if rounds_to_zero(unit, difference):
            return Verdict(gettext("On target: %(target)s") % {"target": self.target}, is_good)
        values = {"difference": difference_text(unit, difference), "target": self.target}
        return Verdict(str(VERDICTS[is_good, difference > 0]) % values, is_good)

    @property
    def difference(self) -> str:
        """The signed difference from the target; empty if there is nothing to compare."""
        difference, unit = self.metric_value.difference, self.metric_value.indicator.unit
        if difference is None:
            return ""
        sign = "" if rounds_to_zero(unit, difference) else "−" if difference < 0 else "+"
        return f"{sign}{difference_text(unit, difference)}"

    @cached_property
    def interval(self) -> str:
        """Both ends, 82.1–88.9%; “too few” or empty if there is none."""
        if self.metric_value.interval is None:
            return gettext("too few") if self.metric_value.is_few else ""
        unit = self.metric_value.indicator.unit
        low, high = self.metric_value.interval
        return f"{unit.bare(low)}–{unit.text(high)}"

    @property
    def may_be_chance(self) -> bool:
        """True if the difference from the target may be chance."""
        comparison = None if self.metric_value.is_few else with_target(self.metric_value)
        return comparison is not None and comparison.may_be_chance

    @property
    def n(self) -> str:
        return NO_VALUE if self.is_hidden else localized.number(self.metric_value.sums.n)

    @property
    def fraction(self) -> str:
        """Numerator and denominator; empty without a value, for a total or a composite."""
        indicator = self.metric_value.indicator
        if not self.metric_value.is_shown or indicator.parts or indicator.is_total:
            return ""
        total, weight = (
            localized.number(round(amount, 2), 2, trimmed=True)
            for amount in (self.metric_value.sums.total, self.metric_value.sums.weight)
        )
        return gettext("%(numerator)s of %(denominator)s") % {
            "numerator": total,
            "denominator": weight,
        }

    @property
    def is_hidden(self) -> bool:
        return self.metric_value.status == "suppressed"

    @property
    def status(self) -> str:
        return self.metric_value.status

    @property
    def status_name(self) -> str:
        return str(STATUS_NAMES[self.status])

    @property
    def status_text(self) -> str:
        """The status and whether late data changed a closed value."""
        if self.metric_value.restated_at is None:
            return self.status_name
        return gettext("%(status)s, restated") % {"status": self.status_name}

    @property
    def badge(self) -> str:
        """The status if it needs attention; empty for a final value."""
        return "" if self.status == "ok" else self.status_name

    @property
    def row_badge(self) -> str:
        """The badge for a row of a table, without statuses that all rows share."""
        return "" if self.status in ("stale", "provisional") else self.badge

    @property
    def notes(self) -> list[str]:
        """Sentences about what to keep in mind when reading the value."""
        notes = [self._status_note] if self._status_note else []
        if self.metric_value.is_few:
            count = localized.number(self.metric_value.indicator.min_n)
            notes.append(
                gettext("Fewer than %(count)s observations are too few for a conclusion.")
                % {"count": count}
            )
        if self.metric_value.restated_at:
            at = {"moment": moment(self.metric_value.restated_at)}
            notes.append(gettext("Late data changed this value on %(moment)s.") % at)
        return notes

    @property
    def _status_note(self) -> str:
        if self.status == "provisional":
            lag = settings.KPI_CLOSE_LAG_HOURS
            return ngettext(
                "This value may still change: its period is open or ended less than "
                "%(hours)s hour ago.",
                "This value may still change: its period is open or ended less than "
                "%(hours)s hours ago.",
                lag,
            ) % {"hours": localized.number(lag)}
        if self.status == "suppressed":
            return hidden_note()
        return str(STATUS_NOTES.get(self.status, "")) % {"moment": self.data_through}

    @property
    def data_through(self) -> str:
        return moment(self.metric_value.data_through)

    @property
    def computed_at(self) -> str:
        return moment(self.metric_value.computed_at)

    @cached_property
    def bar(self) -> svg_drawings.Bar | None:
        return svg_drawings.bar(self.metric_value, self.bar_scale)


def figures_with_one_scale(metric_values: Sequence[MetricValue]) -> list[Figure]:
    """The figures of one KPI in a table, with bars whose lengths can be compared."""
    scale = svg_drawings.common_scale(metric_values)
    return [Figure(one, scale) for one in metric_values]


def moment(at: datetime | None) -> str:
    """The minute in the provider's time zone; empty for None."""
    return "" if at is None else localized.moment(at.astimezone(reporting_clock.reporting_zone()))


def target_text(unit: Unit, shown: float) -> str:
    """A target in its unit, without trailing zeros: 85%, 82.5%, $1,000."""
    return unit.written(shown, places=EXACT, trimmed=True)


def difference_text(unit: Unit, shown: float) -> str:
    """A difference without its sign; a difference of percentages is in percentage points."""
    return (PERCENTAGE_POINTS if unit == PERCENT else unit).written(abs(shown))


def rounds_to_zero(unit: Unit, shown: float) -> bool:
    """True if a difference is zero at the unit's number of decimals."""
    return rounded(shown, unit.places) == 0


def hidden_note() -> str:
    """The reason why a suppressed value is not shown."""
    return gettext("Hidden to protect groups of fewer than %(people)s people.") % {
        "people": localized.number(settings.KPI_MIN_GROUP)
    }
