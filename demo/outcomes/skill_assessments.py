"""Add skill assessments: before the course for some learners, and after a skill's last module."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from demo.learning.study_days import happens, order_of
from demo.world.calendar import add_months, month_of
from demo.world.catalog import Catalog
from demo.world.journeys import Activity, Journey, Step
from demo.world.monthly_targets import MonthlyTargets
from demo.world.seeded_random import choose, seeded_random

TESTED_BEFORE, SKIP_RATE, RETRY_RATE = 0.12, 0.3, 0.2
MASTERY = 0.8
HARD_SKILL, HARD_SKILL_PENALTY = "security", 0.3
# order within a day: before the module is opened, or after it is completed
ORDER_BEFORE_COURSE, ORDER_AFTER_COURSE = -0.5, 8.0
Pair = tuple[str, str]


@dataclass(frozen=True)
class SkillTest:
    journey: Journey
    step: Step
    skill: str
    day: date

    @property
    def pair(self) -> Pair:
        return self.journey.learner.key, self.skill


def add_skill_assessments(
    journeys: Sequence[Journey], catalog: Catalog, targets: MonthlyTargets
) -> None:
    """Let the target share of the skills assessed in a month be attained."""
    by_month: dict[date, dict[Pair, SkillTest]] = {}
    for number, journey in enumerate(journeys):
        if journey.counts:
            rng = seeded_random(targets.seed, "skills", number)
            for test in _tests(journey, catalog, targets, rng):
                by_month.setdefault(month_of(test.day), {}).setdefault(test.pair, test)
    for month in targets.calendar.months():
        rng = seeded_random(targets.seed, "attaining", month)
        failed = _score_month(list(by_month.get(month, {}).values()), targets, month, rng)
        later = by_month.setdefault(add_months(month, 1), {})
        for test in _retries(failed, targets, rng):
            later.setdefault(test.pair, test)


def _tests(
    journey: Journey, catalog: Catalog, targets: MonthlyTargets, rng: Random
) -> Iterator[SkillTest]:
    is_tested_before = rng.random() < TESTED_BEFORE
    for skill, keys in catalog.skills:
        steps = [step for step in journey.steps if step.module.key in keys]
        if not steps:
            continue
        if is_tested_before and steps[0].begun and happens(journey, steps[0].begun, targets):
            score = round(rng.uniform(0.15, 0.6), 2)
            _add_activity(
                SkillTest(journey, steps[0], skill.key, steps[0].begun),
                ORDER_BEFORE_COURSE,
                score,
                "pre",
            )
        done = steps[-1].done
        if done and happens(journey, done, targets) and rng.random() > SKIP_RATE:
            yield SkillTest(journey, steps[-1], skill.key, done)


def _score_month(
    tests: Sequence[SkillTest], targets: MonthlyTargets, month: date, rng: Random
) -> list[SkillTest]:
    """Score the tests of a month, and return those that were not passed."""
    share = targets.share("skill", month)
    attained = {test.pair for test in choose(tests, share, lambda one: _propensity(one, rng))}
    for test in tests:
        low, high = (MASTERY, 1.0) if test.pair in attained else (0.4, MASTERY - 0.01)
        _add_activity(test, ORDER_AFTER_COURSE, round(rng.uniform(low, high), 2), "post")
    return [test for test in tests if test.pair not in attained]


def _propensity(test: SkillTest, rng: Random) -> float:
    penalty = HARD_SKILL_PENALTY if test.skill == HARD_SKILL else 0
    return rng.random() + 0.25 * test.journey.ability - penalty


def _retries(
    failed: Iterable[SkillTest], targets: MonthlyTargets, rng: Random
) -> Iterator[SkillTest]:
    for test in failed:
        day = add_months(month_of(test.day), 1) + timedelta(days=rng.randrange(20))
        if rng.random() < RETRY_RATE and happens(test.journey, day, targets):
            yield SkillTest(test.journey, test.step, test.skill, day)


def _add_activity(test: SkillTest, offset: float, score: float, stage: str) -> None:
    order = order_of(test.step, offset)
    activity = Activity(
        test.day, order, "skill.assessed", None, test.skill, score, {"stage": stage}
    )
    test.journey.activities.append(activity)
