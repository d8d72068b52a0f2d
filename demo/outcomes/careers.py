"""Add the answers of graduates to career surveys months after their completion."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

from demo.outcomes.comments import CommentWriter
from demo.outcomes.course_surveys import (
    ORDER_ANSWERED,
    ORDER_SENT,
    SurveyInvitation,
    add_dismissals,
    comment_data,
)
from demo.world.calendar import month_of
from demo.world.journeys import Journey
from demo.world.monthly_targets import MonthlyTargets
from demo.world.seeded_random import choose, group_size_for, seeded_random

SURVEY = "career-impact"  # created by a migration
# days after completion
WAVE_DAYS = (90, 180)
MAX_DAYS = 175
ANSWER_SHARE = 0.5
KINDS = {"placement": 3, "promotion": 3, "project": 5}
TWO_KINDS_SHARE, COMMENT_SHARE, QUOTABLE_SHARE = 0.15, 0.3, 0.7
DAY = timedelta(days=1)


def add_answers(journeys: Sequence[Journey], targets: MonthlyTargets) -> None:
    """Let the target share of the graduates who answer in a month report an impact."""
    by_month: dict[date, list[SurveyInvitation]] = defaultdict(list)
    for number, journey in enumerate(journeys):
        if journey.counts and journey.done:
            for invited in _invitations(
                journey, journey.done, targets, seeded_random(targets.seed, "careers", number)
            ):
                by_month[month_of(invited.day)].append(invited)
    for month, some in sorted(by_month.items()):
        _add_answers_of_month(some, month, targets, seeded_random(targets.seed, "reporting", month))


def _invitations(
    journey: Journey, done: date, targets: MonthlyTargets, rng: Random
) -> Iterator[SurveyInvitation]:
    for days in WAVE_DAYS:
        sent = done + days * DAY
        if sent < targets.calendar.today:
            wave = f"{sent:%Y-%m}-after-{days}-days"
            invited = SurveyInvitation(journey, SURVEY, wave, sent, sent + rng.randrange(12) * DAY)
            invited.add_event(sent, ORDER_SENT, "sent")
            if invited.day < targets.calendar.today:
                yield invited


def _add_answers_of_month(
    invited: Sequence[SurveyInvitation], month: date, targets: MonthlyTargets, rng: Random
) -> None:
    share = targets.share("career", month)
    # a graduate of two courses answers only once
    candidates = list({one.journey.learner.key: one for one in invited}.values())
    size = group_size_for(round(ANSWER_SHARE * len(candidates)), share)
    answering = choose(candidates, size / len(candidates), lambda one: rng.random())
    add_dismissals(invited, answering, rng)
    gained = {id(one) for one in choose(answering, share, lambda one: _propensity(one, rng))}
    writer = CommentWriter(rng)
    for one in answering:
        data = _impact_data(one, writer) if id(one) in gained else {"career": []}
        one.add_event(one.day, ORDER_ANSWERED, "answered", **data)


def _propensity(one: SurveyInvitation, rng: Random) -> float:
    return rng.random() + 0.2 * one.journey.ability


def _impact_data(one: SurveyInvitation, writer: CommentWriter) -> dict[str, Any]:
    rng, done = writer.rng, one.journey.done or one.sent
    kinds = rng.choices(
        list(KINDS), list(KINDS.values()), k=2 if rng.random() < TWO_KINDS_SHARE else 1
    )
    span = min((one.day - done).days, MAX_DAYS)
    day = done + rng.randint(span // 6, span) * DAY
    data = {"career": sorted(set(kinds)), "career_on": day.isoformat()}
    if rng.random() > COMMENT_SHARE:
        return data
    return data | comment_data(writer.career(kinds[0]), may_quote=rng.random() < QUOTABLE_SHARE)
