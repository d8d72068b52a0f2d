"""How much of each video is seen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from random import Random

from demo.world.calendar import month_of
from demo.world.journeys import Act, Journey
from demo.world.monthly_targets import MonthlyTargets
from demo.world.seeded_random import lift, seeded_random
from engagement.models import LearningObject

WATCHES_AGAIN = 0.1


def watch(
    journeys: Sequence[Journey], objects: dict[str, list[LearningObject]], aims: MonthlyTargets
) -> None:
    """Give every watching its segments: month by month, the aimed share of the seconds."""
    lengths = {one.key: one.duration_seconds or 0 for many in objects.values() for one in many}
    plays: dict[tuple[date, bool], list[tuple[Journey, Act]]] = defaultdict(list)
    for journey in journeys:
        for act in journey.acts:
            if act.kind == "video.watched":
                plays[month_of(act.day), journey.counts].append((journey, act))
    for (month, counts), played in plays.items():
        chance = seeded_random(aims.seed, "watching", month, counts)
        _watch_month(played, lengths, aims.share("video", month), chance)


def _watch_month(
    played: Sequence[tuple[Journey, Act]], lengths: dict[str, float], aim: float, chance: Random
) -> None:
    durations = [lengths[act.object or ""] for _, act in played]
    likely = [chance.betavariate(4, 1) + 0.1 * journey.ability for journey, _ in played]
    for (_, act), duration, share in zip(
        played, durations, lift(likely, durations, aim), strict=True
    ):
        act.data = {"segments": _segments(duration, share, chance), "duration": duration}


def _segments(duration: float, share: float, chance: Random) -> list[list[float]]:
    """Watch from the start, skip a stretch, and see the end; some go back over the start."""
    seen = round(share * duration, 1)
    if duration - seen < 1:
        return [[0.0, duration]]
    first = round(seen * chance.uniform(0.5, 1.0), 1)
    segments = [[0.0, first], [round(duration - (seen - first), 1), duration]]
    if chance.random() < WATCHES_AGAIN:
        segments.append([0.0, round(first / 2, 1)])
    return [one for one in segments if one[1] > one[0]]
