"""Add the segments of videos that learners watched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from random import Random

from demo.world.calendar import month_of
from demo.world.experiment_plans import VIDEOS
from demo.world.journeys import Activity, Journey
from demo.world.monthly_targets import MonthlyTargets
from demo.world.reactions import Reaction
from demo.world.seeded_random import seeded_random, shift_to_mean
from engagement.models import LearningObject

REWATCH_RATE = 0.1


def add_watched_segments(
    journeys: Sequence[Journey], objects: dict[str, list[LearningObject]], targets: MonthlyTargets
) -> None:
    """Choose segments so that the watched share of each month meets its target."""
    lengths = {one.key: one.duration_seconds or 0 for many in objects.values() for one in many}
    plays: dict[tuple[date, bool], list[tuple[Journey, Activity]]] = defaultdict(list)
    for journey in journeys:
        for activity in journey.activities:
            if activity.kind == "video.watched":
                plays[month_of(activity.day), journey.counts].append((journey, activity))
    for (month, counts), played in plays.items():
        rng = seeded_random(targets.seed, "watching", month, counts)
        reaction = Reaction(VIDEOS, targets.calendar)
        _add_segments_of_month(played, lengths, targets.share("video", month), reaction, rng)


def _add_segments_of_month(
    played: Sequence[tuple[Journey, Activity]],
    lengths: dict[str, float],
    target: float,
    reaction: Reaction,
    rng: Random,
) -> None:
    durations = [lengths[activity.object or ""] for _, activity in played]
    likely = [
        rng.betavariate(4, 1) + 0.1 * journey.ability + reaction.shift(journey, activity.day)
        for journey, activity in played
    ]
    for (_, activity), duration, share in zip(
        played, durations, shift_to_mean(likely, durations, target), strict=True
    ):
        activity.data = {"segments": _segments(duration, share, rng), "duration": duration}


def _segments(duration: float, share: float, rng: Random) -> list[list[float]]:
    """Watch from the start, skip a part and watch the end; some rewatch the start."""
    seen = round(share * duration, 1)
    if duration - seen < 1:
        return [[0.0, duration]]
    first = round(seen * rng.uniform(0.5, 1.0), 1)
    segments = [[0.0, first], [round(duration - (seen - first), 1), duration]]
    if rng.random() < REWATCH_RATE:
        segments.append([0.0, round(first / 2, 1)])
    return [one for one in segments if one[1] > one[0]]
