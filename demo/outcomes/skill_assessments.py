"""How skills are assessed: before some learn them, and when their last module is done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from demo.learning.study_days import happens, place_of
from demo.world.calendar import after, month_of
from demo.world.catalog import Catalogue
from demo.world.journeys import Act, Journey, Line
from demo.world.monthly_targets import MonthlyTargets
from demo.world.seeded_random import choose, seeded_random

BEFORE, SKIPS, AGAIN = 0.12, 0.3, 0.2
MASTERY = 0.8
HARD_SKILL, HARDSHIP = "security", 0.3
# within a day: before the module is opened, after it is graded and completed
FIRST, LAST = -0.5, 8.0
Pair = tuple[str, str]


@dataclass(frozen=True)
class Trial:
    journey: Journey
    line: Line
    skill: str
    day: date

    @property
    def pair(self) -> Pair:
        return self.journey.learner.key, self.skill


def assess(journeys: Sequence[Journey], taught: Catalogue, aims: MonthlyTargets) -> None:
    """Have each month the aimed share of those assessed attain their skill."""
    by_month: dict[date, dict[Pair, Trial]] = {}
    for number, journey in enumerate(journeys):
        if journey.counts:
            chance = seeded_random(aims.seed, "skills", number)
            for trial in _trials(journey, taught, aims, chance):
                by_month.setdefault(month_of(trial.day), {}).setdefault(trial.pair, trial)
    for month in aims.calendar.months():
        chance = seeded_random(aims.seed, "attaining", month)
        failed = _decide(list(by_month.get(month, {}).values()), aims, month, chance)
        later = by_month.setdefault(after(month, 1), {})
        for trial in _second_trials(failed, aims, chance):
            later.setdefault(trial.pair, trial)


def _trials(
    journey: Journey, taught: Catalogue, aims: MonthlyTargets, chance: Random
) -> Iterator[Trial]:
    knows_before = chance.random() < BEFORE
    for skill, keys in taught.skills:
        lines = [line for line in journey.lines if line.module.key in keys]
        if not lines:
            continue
        if knows_before and lines[0].begun and happens(journey, lines[0].begun, aims):
            score = round(chance.uniform(0.15, 0.6), 2)
            _add(Trial(journey, lines[0], skill.key, lines[0].begun), FIRST, score, "pre")
        done = lines[-1].done
        if done and happens(journey, done, aims) and chance.random() > SKIPS:
            yield Trial(journey, lines[-1], skill.key, done)


def _decide(
    trials: Sequence[Trial], aims: MonthlyTargets, month: date, chance: Random
) -> list[Trial]:
    """Score the month's trials; who did not attain the skill is returned."""
    share = aims.share("skill", month)
    attained = {trial.pair for trial in choose(trials, share, lambda one: _luck(one, chance))}
    for trial in trials:
        low, high = (MASTERY, 1.0) if trial.pair in attained else (0.4, MASTERY - 0.01)
        _add(trial, LAST, round(chance.uniform(low, high), 2), "post")
    return [trial for trial in trials if trial.pair not in attained]


def _luck(trial: Trial, chance: Random) -> float:
    hardship = HARDSHIP if trial.skill == HARD_SKILL else 0
    return chance.random() + 0.25 * trial.journey.ability - hardship


def _second_trials(
    failed: Iterable[Trial], aims: MonthlyTargets, chance: Random
) -> Iterator[Trial]:
    for trial in failed:
        day = after(month_of(trial.day), 1) + timedelta(days=chance.randrange(20))
        if chance.random() < AGAIN and happens(trial.journey, day, aims):
            yield Trial(trial.journey, trial.line, trial.skill, day)


def _add(trial: Trial, step: float, score: float, stage: str) -> None:
    place = place_of(trial.line, step)
    act = Act(trial.day, place, "skill.assessed", None, trial.skill, score, {"stage": stage})
    trial.journey.acts.append(act)
