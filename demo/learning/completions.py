"""Who completes in time, and where the others give up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from random import Random

from demo.world.calendar import month_of
from demo.world.journeys import Journey
from demo.world.monthly_targets import MonthlyTargets
from demo.world.seeded_random import choose, seeded_random


def decide(journeys: Iterable[Journey], aims: MonthlyTargets) -> None:
    """Have of the journeys that fall due in a month exactly the aimed share finish in time."""
    by_month: dict[date, list[Journey]] = defaultdict(list)
    for one in journeys:
        if one.is_cancelled:
            one.stops_after = 0
        elif one.counts and one.due:
            by_month[month_of(one.due)].append(one)
    for month, due in by_month.items():
        _decide_month(
            due, aims.share("completion", month), seeded_random(aims.seed, "finishing", month)
        )


def _decide_month(journeys: Sequence[Journey], share: float, chance: Random) -> None:
    luck = {id(one): chance.random() + 0.25 * one.ability for one in journeys}
    finishers = {id(one) for one in choose(journeys, share, lambda one: luck[id(one)])}
    for one in journeys:
        if id(one) not in finishers:
            one.stops_after = chance.randrange(len(one.lines))
