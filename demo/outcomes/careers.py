"""What became of graduates: they are asked months later, and not all of them answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

from demo.outcomes.comments import CommentWriter
from demo.outcomes.course_surveys import ANSWERED, SENT, Asked, dismiss_some, words
from demo.world.calendar import month_of
from demo.world.journeys import Journey
from demo.world.monthly_targets import MonthlyTargets
from demo.world.seeded_random import choose, fitting, seeded_random

SURVEY = "career-impact"  # as migrations make it
# days after completion
WAVES = (90, 180)
WITHIN = 175
ANSWER = 0.5
KINDS = {"placement": 3, "promotion": 3, "project": 5}
TWO, WRITES, QUOTED = 0.15, 0.3, 0.7
DAY = timedelta(days=1)


def follow_up(journeys: Sequence[Journey], aims: MonthlyTargets) -> None:
    """Have each month the aimed share of the graduates who answer report an impact."""
    by_month: dict[date, list[Asked]] = defaultdict(list)
    for number, journey in enumerate(journeys):
        if journey.counts and journey.done:
            for asked in _ask(
                journey, journey.done, aims, seeded_random(aims.seed, "careers", number)
            ):
                by_month[month_of(asked.day)].append(asked)
    for month, some in sorted(by_month.items()):
        _answer_month(some, month, aims, seeded_random(aims.seed, "reporting", month))


def _ask(journey: Journey, done: date, aims: MonthlyTargets, chance: Random) -> Iterator[Asked]:
    for days in WAVES:
        sent = done + days * DAY
        if sent < aims.calendar.today:
            wave = f"{sent:%Y-%m}-after-{days}-days"
            asked = Asked(journey, SURVEY, wave, sent, sent + chance.randrange(12) * DAY)
            asked.act(sent, SENT, "sent")
            if asked.day < aims.calendar.today:
                yield asked


def _answer_month(
    asked: Sequence[Asked], month: date, aims: MonthlyTargets, chance: Random
) -> None:
    share = aims.share("career", month)
    # who finished two courses tells of both at once
    able = list({one.journey.learner.key: one for one in asked}.values())
    size = fitting(round(ANSWER * len(able)), share)
    answering = choose(able, size / len(able), lambda one: chance.random())
    dismiss_some(asked, answering, chance)
    gained = {id(one) for one in choose(answering, share, lambda one: _luck(one, chance))}
    voices = CommentWriter(chance)
    for one in answering:
        said = _gain(one, voices) if id(one) in gained else {"career": []}
        one.act(one.day, ANSWERED, "answered", **said)


def _luck(one: Asked, chance: Random) -> float:
    return chance.random() + 0.2 * one.journey.ability


def _gain(one: Asked, voices: CommentWriter) -> dict[str, Any]:
    chance, done = voices.chance, one.journey.done or one.sent
    kinds = chance.choices(list(KINDS), list(KINDS.values()), k=2 if chance.random() < TWO else 1)
    span = min((one.day - done).days, WITHIN)
    day = done + chance.randint(span // 6, span) * DAY
    said = {"career": sorted(set(kinds)), "career_on": day.isoformat()}
    if chance.random() > WRITES:
        return said
    return said | words(voices.career(kinds[0]), may_quote=chance.random() < QUOTED)
