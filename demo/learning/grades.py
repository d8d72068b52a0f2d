"""Add graded assessments, with a score for each question."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from demo.learning.study_days import GRADED, happens, order_of
from demo.world.calendar import month_of
from demo.world.catalog import CHANGED_MODULE, ITEMS, WEAK_MODULE
from demo.world.experiment_plans import PRACTICE
from demo.world.journeys import Activity, Journey, Step
from demo.world.monthly_targets import MonthlyTargets
from demo.world.reactions import Reaction
from demo.world.seeded_random import seeded_random
from demo.world.story_days import StoryDays
from engagement.models import LearningObject

Kind = LearningObject.Kind
USUAL_SHARE, WEAK_SHARE = 0.84, 0.65
# of the changed module, before and after the change
BAD_SHARE, BETTER_SHARE = 0.58, 0.89
PASSED = 3
RETRY_RATE = 0.2


@dataclass
class Attempt:
    """A learner's best attempt at an assessment, with the number of correct answers."""

    journey: Journey
    step: Step
    day: date
    likely: float
    shift: float = 0.0
    right: int = ITEMS

    @property
    def is_weak(self) -> bool:
        return self.likely < USUAL_SHARE


def add_grades(
    journeys: Sequence[Journey], objects: dict[str, list[LearningObject]], targets: MonthlyTargets
) -> None:
    """Grade completed modules so that the mean score of each month meets its target."""
    story, reaction = StoryDays(targets.calendar), Reaction(PRACTICE, targets.calendar)
    attempts: dict[tuple[date, bool], list[Attempt]] = defaultdict(list)
    for journey in journeys:
        for step in journey.steps:
            if step.done and happens(journey, step.done, targets):
                key = month_of(step.done), journey.counts
                likely = _likely_share(step, step.done, story)
                shift = reaction.shift(journey, step.done)
                attempts[key].append(Attempt(journey, step, step.done, likely, shift))
    for (month, counts), some in attempts.items():
        rng = seeded_random(targets.seed, "grading", month, counts)
        _score(some, targets.share("assessment", month), rng)
        for attempt in some:
            _add_activities(attempt, objects, rng)


def _likely_share(step: Step, day: date, story: StoryDays) -> float:
    """The share of correct answers in the module at the time."""
    key = step.module.key
    if key == WEAK_MODULE:
        return WEAK_SHARE
    if key == CHANGED_MODULE and story.is_bad(day):
        return BAD_SHARE
    if key == CHANGED_MODULE and story.is_better(day):
        return BETTER_SHARE
    return USUAL_SHARE


def _score(attempts: Sequence[Attempt], target: float, rng: Random) -> None:
    for attempt in attempts:
        likely = attempt.likely + attempt.shift + 0.12 * attempt.journey.ability
        likely += rng.gauss(0, 0.1)
        attempt.right = min(ITEMS, max(1, round(likely * ITEMS)))
    _adjust(
        [one for one in attempts if not one.is_weak],
        _answers_missing(attempts, target),
        rng,
    )


def _answers_missing(attempts: Sequence[Attempt], target: float) -> int:
    """The number of further correct answers needed; negative if there are too many."""
    return round(target * ITEMS * len(attempts)) - sum(attempt.right for attempt in attempts)


def _adjust(attempts: Sequence[Attempt], missing: int, rng: Random) -> None:
    change = 1 if missing > 0 else -1
    while missing and (able := [one for one in attempts if 1 <= one.right + change <= ITEMS]):
        chosen = rng.sample(able, min(abs(missing), len(able)))
        for attempt in chosen:
            attempt.right += change
        missing -= change * len(chosen)


def _add_activities(
    attempt: Attempt, objects: dict[str, list[LearningObject]], rng: Random
) -> None:
    one = next(one for one in objects[attempt.step.module.key] if one.kind == Kind.ASSESSMENT)
    scores = [attempt.right]
    if attempt.right >= PASSED and rng.random() < RETRY_RATE * (1 - attempt.right / 10):
        scores.insert(0, rng.randint(1, PASSED - 1))
    for number, right in enumerate(scores, start=1):
        data = {"attempt": number, "max": ITEMS, "items": _items(right, rng)}
        order = order_of(attempt.step, GRADED + number / 10)
        attempt.journey.activities.append(
            Activity(attempt.day, order, "assessment.graded", attempt.step, one.key, right, data)
        )


def _items(right: int, rng: Random) -> list[dict[str, object]]:
    """Score the questions with 1 (correct) or 0; later questions are harder."""
    names = [f"q{number}" for number in range(1, ITEMS + 1)]
    wrong = sorted(names, key=lambda name: rng.random() * (int(name[1:]) + 3))[right:]
    return [{"id": name, "score": 0 if name in wrong else 1} for name in names]
