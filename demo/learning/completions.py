"""Decide which learners complete their course in time, and where the others give up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from random import Random

from demo.world.calendar import month_of
from demo.world.journeys import Journey
from demo.world.monthly_targets import MonthlyTargets
from demo.world.seeded_random import choose, seeded_random


def decide_completions(journeys: Iterable[Journey], targets: MonthlyTargets) -> None:
    """Let exactly the target share of the journeys due in a month finish in time."""
    by_month: dict[date, list[Journey]] = defaultdict(list)
    for one in journeys:
        if one.is_cancelled:
            one.stops_after = 0
        elif one.counts and one.due:
            by_month[month_of(one.due)].append(one)
    for month, due in by_month.items():
        _decide_month(
            due, targets.share("completion", month), seeded_random(targets.seed, "finishing", month)
        )


def _decide_month(journeys: Sequence[Journey], share: float, rng: Random) -> None:
    propensity = {id(one): rng.random() + 0.25 * one.ability for one in journeys}
    finishers = {id(one) for one in choose(journeys, share, lambda one: propensity[id(one)])}
    for one in journeys:
        if id(one) not in finishers:
            one.stops_after = rng.randrange(len(one.steps))
