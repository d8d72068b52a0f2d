"""Preview what a rule would have proposed, by replaying the alerts of stored measurements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils.translation import gettext, ngettext

from alerts.evaluation import rule_preview
from alerts.evaluation.observations import YEAR
from alerts.evaluation.rule_preview import PreviewedAlert
from core import localized, reporting_clock
from improvement import limits
from improvement.models import AdjustmentRule
from improvement.preview_places import PreviewPlaces, Target
from kpis.definitions.period_names import day
from kpis.definitions.periods import local_day


@dataclass(frozen=True)
class PreviewedProposal:
    """A change that the rule would have proposed because of an alert."""

    at: datetime
    place: str
    old_value: Decimal
    new_value: Decimal
    values: str
    alert: PreviewedAlert

    @property
    def proposed_on(self) -> str:
        return day(local_day(self.at, reporting_clock.reporting_zone()))


@dataclass(frozen=True)
class Preview:
    """The proposals of the last twelve months, oldest first, and the alerts without one.

    `at_the_end` counts alerts that found the parameter at its limit, and `waiting` those that got
    no proposal while an earlier change was watched or the rule was cooling down.
    """

    proposals: Sequence[PreviewedProposal] = ()
    at_the_end: int = 0
    waiting: int = 0

    @property
    def sentence(self) -> str:
        parts = (self._count, self._at_the_end, self._waiting, self._assumption)
        return " ".join(part for part in parts if part)

    @property
    def _count(self) -> str:
        count = len(self.proposals)
        if not count:
            return gettext("This rule would have proposed nothing in the last 12 months.")
        return ngettext(
            "This rule would have proposed %(count)s change in the last 12 months.",
            "This rule would have proposed %(count)s changes in the last 12 months.",
            count,
        ) % {"count": localized.number(count)}

    @property
    def _at_the_end(self) -> str:
        if not self.at_the_end:
            return ""
        return ngettext(
            "For %(count)s alert, the value could not go further.",
            "For %(count)s alerts, the value could not go further.",
            self.at_the_end,
        ) % {"count": localized.number(self.at_the_end)}

    @property
    def _waiting(self) -> str:
        if not self.waiting:
            return ""
        return ngettext(
            "%(count)s alert would have led to nothing, because an earlier change was being "
            "watched or the rule was cooling down.",
            "%(count)s alerts would have led to nothing, because an earlier change was being "
            "watched or the rule was cooling down.",
            self.waiting,
        ) % {"count": localized.number(self.waiting)}

    @property
    def _assumption(self) -> str:
        if not self.proposals:
            return ""
        return gettext(
            "This assumes that each change is approved at once and kept after its watching time."
        )


@dataclass(frozen=True)
class Occasion:
    """An alert, and the time in which the rule would have answered it; `until` None: ever after."""

    alert: PreviewedAlert
    since: datetime
    until: datetime | None

    def earliest(self, free_at: datetime, now: datetime) -> datetime | None:
        """Return the first moment at which it can be answered; None if there is none."""
        at = max(self.since, free_at)
        is_over = at > now or (self.until is not None and at >= self.until)
        return None if is_over else at


def preview(rule: AdjustmentRule, now: datetime) -> Preview:
    """Replay a saved or unsaved rule with its current settings; nothing is written."""
    alerts = rule_preview.preview(rule.alert_rule, now).alerts
    places = PreviewPlaces(rule, [one.scope for one in alerts])
    by_target: dict[Target, list[Occasion]] = defaultdict(list)
    for one in _occasions(rule, alerts, start=now - YEAR):
        # a course, run or module that was deleted meanwhile gets no proposal
        if target := places.target(one.alert.scope):
            by_target[target].append(one)
    replays = [
        _replay(rule, places, target, occasions, now) for target, occasions in by_target.items()
    ]
    made = [proposal for one in replays for proposal in one.proposals]
    return Preview(
        sorted(made, key=lambda one: (one.at, one.place)),
        at_the_end=sum(one.at_the_end for one in replays),
        waiting=sum(one.waiting for one in replays),
    )


def _occasions(
    rule: AdjustmentRule, alerts: Iterable[PreviewedAlert], start: datetime
) -> Iterator[Occasion]:
    for one in alerts:
        if rule.when == AdjustmentRule.When.OPENS:
            yield Occasion(one, max(one.opened_at, start), one.closed_at)
        elif one.closed_at:
            yield Occasion(one, one.closed_at, None)


def _replay(
    rule: AdjustmentRule,
    places: PreviewPlaces,
    target: Target,
    occasions: list[Occasion],
    now: datetime,
) -> Preview:
    """Answer the alerts of one parameter in one place, one after the other."""
    pause = timedelta(days=rule.watch_days + rule.cooldown_days)
    free_at, at_the_end = now - YEAR, 0
    made: list[PreviewedProposal] = []
    waiting = list(occasions)
    while possible := [
        (at, one.alert.opened_at, number)
        for number, one in enumerate(waiting)
        if (at := one.earliest(free_at, now))
    ]:
        at, _, number = min(possible)
        alert = waiting.pop(number).alert
        current = _value(places, alert, at, made)
        to = limits.target_value(rule, places.definition, current)
        if to == current:
            at_the_end += 1
            continue
        values = f"{places.definition.value_type.short(current)} → {places.definition.written(to)}"
        made.append(PreviewedProposal(at, places.name(target), current, to, values, alert))
        free_at = at + pause
    return Preview(made, at_the_end, len(waiting))


def _value(
    places: PreviewPlaces, alert: PreviewedAlert, at: datetime, made: Sequence[PreviewedProposal]
) -> Decimal:
    """Return the value that would apply: as the rule left it, unless somebody changed it since."""
    value = places.value(alert.scope, at)
    if made and places.value(alert.scope, made[-1].at) == value:
        return made[-1].new_value
    return value
