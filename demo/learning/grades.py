"""How assessments are scored, question by question."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from demo.learning.study_days import GRADED, happens, place_of
from demo.world.calendar import month_of
from demo.world.catalog import ITEMS, WEAK_MODULE
from demo.world.journeys import Act, Journey, Line
from demo.world.monthly_targets import MonthlyTargets
from demo.world.seeded_random import seeded_random
from engagement.models import LearningObject

Kind = LearningObject.Kind
USUAL, WEAK = 0.84, 0.65
PASSED = 3
TRIES_AGAIN = 0.2


@dataclass
class Paper:
    """A learner's best attempt at an assessment: how many questions were right."""

    journey: Journey
    line: Line
    day: date
    right: int

    @property
    def is_of_weak_module(self) -> bool:
        return self.line.module.key == WEAK_MODULE


def grade(
    journeys: Sequence[Journey], objects: dict[str, list[LearningObject]], aims: MonthlyTargets
) -> None:
    """Grade the done modules so that each month's mean score comes out as aimed."""
    papers: dict[tuple[date, bool], list[Paper]] = defaultdict(list)
    for journey in journeys:
        for line in journey.lines:
            if line.done and happens(journey, line.done, aims):
                key = month_of(line.done), journey.counts
                papers[key].append(Paper(journey, line, line.done, ITEMS))
    for (month, counts), some in papers.items():
        chance = seeded_random(aims.seed, "grading", month, counts)
        _score(some, aims.share("assessment", month), chance)
        for paper in some:
            _hand_in(paper, objects, chance)


def _score(papers: Sequence[Paper], aim: float, chance: Random) -> None:
    for paper in papers:
        usual = WEAK if paper.is_of_weak_module else USUAL
        likely = usual + 0.12 * paper.journey.ability + chance.gauss(0, 0.1)
        paper.right = min(ITEMS, max(1, round(likely * ITEMS)))
    _settle([one for one in papers if not one.is_of_weak_module], _missing(papers, aim), chance)


def _missing(papers: Sequence[Paper], aim: float) -> int:
    """How many more questions must be right; negative for fewer."""
    return round(aim * ITEMS * len(papers)) - sum(paper.right for paper in papers)


def _settle(papers: Sequence[Paper], missing: int, chance: Random) -> None:
    step = 1 if missing > 0 else -1
    while missing and (able := [one for one in papers if 1 <= one.right + step <= ITEMS]):
        chosen = chance.sample(able, min(abs(missing), len(able)))
        for paper in chosen:
            paper.right += step
        missing -= step * len(chosen)


def _hand_in(paper: Paper, objects: dict[str, list[LearningObject]], chance: Random) -> None:
    one = next(one for one in objects[paper.line.module.key] if one.kind == Kind.ASSESSMENT)
    scores = [paper.right]
    if paper.right >= PASSED and chance.random() < TRIES_AGAIN * (1 - paper.right / 10):
        scores.insert(0, chance.randint(1, PASSED - 1))
    for attempt, right in enumerate(scores, start=1):
        data = {"attempt": attempt, "max": ITEMS, "items": _items(right, chance)}
        place = place_of(paper.line, GRADED + attempt / 10)
        paper.journey.acts.append(
            Act(paper.day, place, "assessment.graded", paper.line, one.key, right, data)
        )


def _items(right: int, chance: Random) -> list[dict[str, object]]:
    """The questions, of which the later ones are harder, with 1 for right."""
    names = [f"q{number}" for number in range(1, ITEMS + 1)]
    wrong = sorted(names, key=lambda name: chance.random() * (int(name[1:]) + 3))[right:]
    return [{"id": name, "score": 0 if name in wrong else 1} for name in names]
