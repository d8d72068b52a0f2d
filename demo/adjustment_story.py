"""The demonstration's story of three adjustments: one kept, one rejected, one to decide about.

Alerts, proposals, decisions and the measured effect come from the product itself, as of the moments
at which they would have happened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import User
from alerts.evaluation.evaluate import evaluate
from core import reporting_clock
from demo.world.calendar import Calendar
from demo.world.catalog import CHANGED_MODULE, SYLLABI, WEAK_MODULE
from demo.world.story_days import HOUR, StoryDays
from improvement import decisions
from improvement.activating import activate
from improvement.answer import answer
from improvement.models import Adjustment, AdjustmentRule
from improvement.shipped_rules import LIBRARY
from improvement.watching import LOOK_EVERY, watch

PRACTICE = next(one for one in LIBRARY if one.key == "practice-after-low-scores")
ATTEMPTS = "One more attempt in modules with low scores"
APPROVED_BECAUSE = (
    "Learners follow the examples, but get stuck in the first exercise of their own. More practice "
    "costs little."
)
REJECTED_BECAUSE = (
    "Not now: the lab of this module is being rebuilt, and more exercises in the old one would not "
    "help."
)
KEPT_BECAUSE = "Scores have risen, and learners have kept their pace."
WATCHED_FOR = timedelta(days=60)
DAY = timedelta(days=1)

Act = Callable[[datetime], object]


def tell(now: datetime, staff: User) -> None:
    """Let the product and the staff account act at each moment of the story up to now.

    Without the ready rule, which staff may have deleted, there are only alerts.
    """
    calendar = Calendar.at(now, reporting_clock.reporting_zone())
    acts = sorted(_Story(calendar, now, staff).acts(), key=lambda one: one[0])
    for at, act in acts:
        act(at)


@dataclass(frozen=True)
class _Story:
    calendar: Calendar
    now: datetime
    staff: User

    def acts(self) -> Iterator[tuple[datetime, Act]]:
        days = StoryDays(self.calendar)
        closings = days.closings(self.now)
        yield closings[0] - DAY, self._add_practice_rule
        yield closings[-1] - DAY, self._add_attempts_rule
        for at in (*closings, self.now):
            yield at, _evaluate_and_answer
        approved_at = self.calendar.moment(days.changed, hour=10)
        yield approved_at - 2 * DAY, self._reject
        yield approved_at, self._approve
        for look in range(1, WATCHED_FOR // LOOK_EVERY + 1):
            yield approved_at + look * LOOK_EVERY + HOUR, watch
        # the watching time ends with a whole day, which closes some days later
        ended = self.calendar.moment(days.changed + WATCHED_FOR + DAY)
        measured_at = ended + reporting_clock.close_lag() + HOUR
        yield measured_at, watch
        kept_on = self.calendar.day_of(measured_at) + 2 * DAY
        yield self.calendar.moment(kept_on, hour=15), self._keep

    def _add_practice_rule(self, at: datetime) -> None:
        rule = AdjustmentRule.objects.filter(name=PRACTICE.name).first()
        if rule:
            activate(rule)
            _back_date(rule, at)

    def _add_attempts_rule(self, at: datetime) -> None:
        first = AdjustmentRule.objects.filter(name=PRACTICE.name).first()
        if first:
            rule = AdjustmentRule.objects.create(
                name=ATTEMPTS,
                alert_rule=first.alert_rule,
                parameter_key="module.attempts-allowed",
                steps=1,
                farthest=5,
                guard_kpis=first.guard_kpis,
                created_by=self.staff,
            )
            _back_date(rule, at)

    def _approve(self, at: datetime) -> None:
        for one in _waiting(CHANGED_MODULE):
            decisions.approve(one, self.staff, reason=APPROVED_BECAUSE, now=at)

    def _reject(self, at: datetime) -> None:
        for one in _waiting(WEAK_MODULE):
            decisions.reject(one, self.staff, reason=REJECTED_BECAUSE, now=at)

    def _keep(self, at: datetime) -> None:
        for one in Adjustment.objects.filter(status=Adjustment.Status.WATCHED):
            decisions.keep(one, self.staff, reason=KEPT_BECAUSE, now=at)


def _evaluate_and_answer(at: datetime) -> None:
    evaluate(at)
    answer(at)


def _waiting(module: str) -> list[Adjustment]:
    waiting = Adjustment.objects.filter(status=Adjustment.Status.PROPOSED)
    return list(waiting.filter(parameter__module__key=module))


def _back_date(rule: AdjustmentRule, at: datetime) -> None:
    """Let a rule be active since a moment of the story."""
    AdjustmentRule.objects.filter(pk=rule.pk).update(active_since=at)


def forget() -> None:
    """Remove the adjustments and their rules; call it while their courses still exist.

    A ready rule is switched off, as it was, and stays.
    """
    Adjustment.objects.filter(course__key__in=[one.key for one in SYLLABI]).delete()
    rules = AdjustmentRule.objects.filter(adjustments=None)
    rules.filter(name=ATTEMPTS).delete()
    rules.filter(name=PRACTICE.name).update(is_active=False)
