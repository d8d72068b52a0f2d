"""Add the answers to the survey at the end of a course: ratings and comments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from demo.outcomes.comments import CommentWriter, WrittenComment
from demo.world.calendar import month_of
from demo.world.journeys import Activity, Journey
from demo.world.monthly_targets import MonthlyTargets
from demo.world.seeded_random import choose, group_size_for, seeded_random

SURVEY = "course-experience"
ANSWER_SHARE, MIN_ANSWERS, MAX_ANSWER_SHARE, DISMISS_SHARE = 0.62, 62, 0.85, 0.2
DETRACTOR_SHARE = 0.07
COMMENT_SHARES = {"pleased": 0.42, "so_so": 0.35, "upset": 0.7}
QUOTABLE_SHARE = 0.45
DAY = timedelta(days=1)
# order within a day: after all course activities
ORDER_SENT, ORDER_ANSWERED = 200.0, 210.0


@dataclass
class SurveyInvitation:
    """A survey sent to a learner, and the day of the answer if there is one."""

    journey: Journey
    survey: str
    wave: str
    sent: date
    day: date

    def add_event(self, day: date, rank: float, kind: str, **comment: Any) -> None:
        data = {"survey": self.survey, "wave": self.wave, **comment}
        self.journey.activities.append(Activity(day, rank, f"survey.{kind}", data=data))


def add_answers(journeys: Sequence[Journey], targets: MonthlyTargets) -> None:
    """Add answers so that the NPS and CSAT of each month meet their targets."""
    by_month: dict[date, list[SurveyInvitation]] = defaultdict(list)
    for number, journey in enumerate(journeys):
        if journey.counts and journey.done and journey.done + DAY < targets.calendar.today:
            invited = _invite(
                journey, journey.done + DAY, seeded_random(targets.seed, "asking", number)
            )
            if invited.day < targets.calendar.today:
                by_month[month_of(invited.day)].append(invited)
    for month, some in sorted(by_month.items()):
        _add_answers_of_month(some, month, targets, seeded_random(targets.seed, "answering", month))


def _invite(journey: Journey, sent: date, rng: Random) -> SurveyInvitation:
    wave = f"{month_of(sent):%Y-%m}"
    invited = SurveyInvitation(journey, SURVEY, wave, sent, sent + min(rng.randrange(9), 6) * DAY)
    invited.add_event(sent, ORDER_SENT, "sent")
    return invited


def _add_answers_of_month(
    invited: Sequence[SurveyInvitation], month: date, targets: MonthlyTargets, rng: Random
) -> None:
    net, content = targets.share("nps", month), targets.share("csat", month)
    wanted = min(max(ANSWER_SHARE * len(invited), MIN_ANSWERS), MAX_ANSWER_SHARE * len(invited))
    size = group_size_for(round(wanted), net, content)
    answering = choose(invited, size / len(invited), lambda one: rng.random())
    answering.sort(key=lambda one: one.journey.ability + rng.gauss(0, 0.6), reverse=True)
    add_dismissals(invited, answering, rng)
    writer = CommentWriter(rng)
    for one, (nps, csat) in zip(answering, _ratings(size, net, content, rng), strict=True):
        one.add_event(
            one.day, ORDER_ANSWERED, "answered", nps=nps, csat=csat, **_comment_of(one, nps, writer)
        )


def add_dismissals(
    invited: Sequence[SurveyInvitation], answering: Sequence[SurveyInvitation], rng: Random
) -> None:
    """Let some of the learners who do not answer dismiss the survey."""
    answered = {id(one) for one in answering}
    for one in invited:
        if id(one) not in answered and rng.random() < DISMISS_SHARE:
            one.add_event(one.day, ORDER_ANSWERED, "dismissed")


def _ratings(size: int, net: float, content: float, rng: Random) -> Iterator[tuple[int, int]]:
    """Yield pairs of NPS and CSAT ratings, from the best to the worst."""
    detractors = round(DETRACTOR_SHARE * size)
    promoters = min(round(net * size) + detractors, size - detractors)
    for rank in range(size):
        good = rank < round(content * size)
        if rank < promoters:
            nps = rng.choice([9, 10, 10])
        elif rank < size - detractors:
            nps = rng.choice([7, 8, 8])
        else:
            nps = rng.choice([2, 3, 4, 5, 5, 6, 6])
        yield nps, _csat(nps, rng, is_good=good)


def _csat(nps: int, rng: Random, *, is_good: bool) -> int:
    if is_good:
        return rng.choice([4, 5, 5, 5] if nps > 8 else [4, 4, 4, 5])
    return 3 if nps > 4 else rng.choice([1, 2, 2])


def _comment_of(one: SurveyInvitation, nps: int, writer: CommentWriter) -> dict[str, Any]:
    """The fields of the comment; empty if the learner writes none."""
    mood = "pleased" if nps > 8 else "so_so" if nps > 6 else "upset"
    if writer.rng.random() > COMMENT_SHARES[mood]:
        return {}
    comment = writer.comment(mood, [step.module.title for step in one.journey.steps])
    return comment_data(
        comment, may_quote=mood == "pleased" and writer.rng.random() < QUOTABLE_SHARE
    )


def comment_data(comment: WrittenComment, *, may_quote: bool) -> dict[str, Any]:
    return {"comment": comment.text, "may_quote": may_quote, "language": comment.language}
