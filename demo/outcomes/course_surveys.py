"""The survey at the end of a course: who answers it, with which marks and which words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from demo.outcomes.comments import CommentWriter, WrittenComment
from demo.world.calendar import month_of
from demo.world.journeys import Act, Journey
from demo.world.monthly_targets import MonthlyTargets
from demo.world.seeded_random import choose, fitting, seeded_random

SURVEY = "course-experience"
ANSWER, MANY, AT_MOST, DISMISS = 0.62, 62, 0.85, 0.2
DETRACTORS = 0.07
WRITES = {"pleased": 0.42, "so_so": 0.35, "upset": 0.7}
QUOTED = 0.45
DAY = timedelta(days=1)
# within a day: after all that is done for the course
SENT, ANSWERED = 200.0, 210.0


@dataclass
class Asked:
    """Who was sent a survey, and the day on which it is answered, if it is."""

    journey: Journey
    survey: str
    wave: str
    sent: date
    day: date

    def act(self, day: date, place: float, kind: str, **said: Any) -> None:
        data = {"survey": self.survey, "wave": self.wave, **said}
        self.journey.acts.append(Act(day, place, f"survey.{kind}", data=data))


def ask(journeys: Sequence[Journey], aims: MonthlyTargets) -> None:
    """Have each month's answers give the aimed NPS and the aimed share of content people."""
    by_month: dict[date, list[Asked]] = defaultdict(list)
    for number, journey in enumerate(journeys):
        if journey.counts and journey.done and journey.done + DAY < aims.calendar.today:
            asked = _ask(journey, journey.done + DAY, seeded_random(aims.seed, "asking", number))
            if asked.day < aims.calendar.today:
                by_month[month_of(asked.day)].append(asked)
    for month, some in sorted(by_month.items()):
        _answer_month(some, month, aims, seeded_random(aims.seed, "answering", month))


def _ask(journey: Journey, sent: date, chance: Random) -> Asked:
    wave = f"{month_of(sent):%Y-%m}"
    asked = Asked(journey, SURVEY, wave, sent, sent + min(chance.randrange(9), 6) * DAY)
    asked.act(sent, SENT, "sent")
    return asked


def _answer_month(
    asked: Sequence[Asked], month: date, aims: MonthlyTargets, chance: Random
) -> None:
    net, content = aims.share("nps", month), aims.share("csat", month)
    wanted = min(max(ANSWER * len(asked), MANY), AT_MOST * len(asked))
    size = fitting(round(wanted), net, content)
    answering = choose(asked, size / len(asked), lambda one: chance.random())
    answering.sort(key=lambda one: one.journey.ability + chance.gauss(0, 0.6), reverse=True)
    dismiss_some(asked, answering, chance)
    voices = CommentWriter(chance)
    for one, (nps, csat) in zip(answering, _marks(size, net, content, chance), strict=True):
        one.act(one.day, ANSWERED, "answered", nps=nps, csat=csat, **_words(one, nps, voices))


def dismiss_some(asked: Sequence[Asked], answering: Sequence[Asked], chance: Random) -> None:
    """Have some of those who do not answer say so."""
    there = {id(one) for one in answering}
    for one in asked:
        if id(one) not in there and chance.random() < DISMISS:
            one.act(one.day, ANSWERED, "dismissed")


def _marks(size: int, net: float, content: float, chance: Random) -> Iterator[tuple[int, int]]:
    """Marks from the best to the worst: 0-10 and 1-5."""
    detractors = round(DETRACTORS * size)
    promoters = min(round(net * size) + detractors, size - detractors)
    for place in range(size):
        good = place < round(content * size)
        if place < promoters:
            nps = chance.choice([9, 10, 10])
        elif place < size - detractors:
            nps = chance.choice([7, 8, 8])
        else:
            nps = chance.choice([2, 3, 4, 5, 5, 6, 6])
        yield nps, _stars(nps, chance, is_good=good)


def _stars(nps: int, chance: Random, *, is_good: bool) -> int:
    if is_good:
        return chance.choice([4, 5, 5, 5] if nps > 8 else [4, 4, 4, 5])
    return 3 if nps > 4 else chance.choice([1, 2, 2])


def _words(one: Asked, nps: int, voices: CommentWriter) -> dict[str, Any]:
    """The comment, its language and whether it may be quoted; nothing for who leaves it out."""
    mood = "pleased" if nps > 8 else "so_so" if nps > 6 else "upset"
    if voices.chance.random() > WRITES[mood]:
        return {}
    said = voices.comment(mood, [line.module.title for line in one.journey.lines])
    return words(said, may_quote=mood == "pleased" and voices.chance.random() < QUOTED)


def words(said: WrittenComment, *, may_quote: bool) -> dict[str, Any]:
    return {"comment": said.text, "may_quote": may_quote, "language": said.language}
