"""What learners do on the days of their modules: read, watch, answer, write, come back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from demo.world.calendar import last_day, month_of
from demo.world.journeys import Act, Journey, Line
from demo.world.monthly_targets import MonthlyTargets
from demo.world.seeded_random import choose, seeded_random
from engagement.facts.activity import COUNTS
from engagement.models import LearningObject

Kind = LearningObject.Kind
Objects = dict[str, list[LearningObject]]
Week = tuple[int, date]
Reached = tuple[Journey, Line, date]
DAY = timedelta(days=1)
# places within a day: the modules one after another, these within a module
STARTED, VIDEO, VIEWED, QUIZ, WROTE, GRADED, COMPLETED = range(7)
READS, WATCHES, WRITES = 0.15, 0.75, 0.12
WRITING = ("discussion.posted", "note.written", "question.answered")


def place_of(line: Line, step: float) -> float:
    return line.place * 10 + step


def study(journeys: Sequence[Journey], objects: Objects, aims: MonthlyTargets) -> None:
    """Write the acts of every journey up to today."""
    for number, journey in enumerate(journeys):
        chance = seeded_random(aims.seed, "studying", number)
        acts = (act for line in journey.lines for act in _of_line(line, objects, chance))
        journey.acts = [act for act in acts if happens(journey, act.day, aims)]
    _try_quizzes(journeys, objects, aims)
    _interact([one for one in journeys if one.counts], aims)


def happens(journey: Journey, day: date, aims: MonthlyTargets) -> bool:
    return day < aims.calendar.today and (journey.left is None or day <= journey.left)


def _of_line(line: Line, objects: Objects, chance: Random) -> Iterator[Act]:
    if line.begun is None:
        return
    yield Act(line.begun, place_of(line, STARTED), "module.started", line)
    if chance.random() < READS:
        yield Act(line.begun, place_of(line, VIEWED), "content.viewed", line)
    for video in objects[line.module.key]:
        day = _soon(line.begun, line.done, chance)
        if video.kind == Kind.VIDEO and chance.random() < WATCHES:
            yield Act(day, place_of(line, VIDEO), "video.watched", line, video.key)
    if chance.random() < WRITES:
        day = _soon(line.begun, line.done, chance)
        yield Act(day, place_of(line, WROTE), chance.choice(WRITING), line)
    if line.done:
        yield Act(line.done, place_of(line, COMPLETED), "module.completed", line)


def _soon(begun: date, done: date | None, chance: Random) -> date:
    """One of the first days of work on a module."""
    last = min(done or begun, begun + 4 * DAY)
    return begun + chance.randint(0, (last - begun).days) * DAY


def _try_quizzes(journeys: Sequence[Journey], objects: Objects, aims: MonthlyTargets) -> None:
    """Have the aimed share of those who reached a quiz's module in a month try the quiz."""
    by_month: dict[date, list[Reached]] = defaultdict(list)
    for journey in journeys:
        for line in journey.lines:
            if line.begun and happens(journey, line.begun, aims) and journey.counts:
                by_month[month_of(line.begun)].append((journey, line, line.begun))
    for month, reached in by_month.items():
        chance = seeded_random(aims.seed, "quizzes", month)
        end = min(last_day(month), aims.calendar.today - DAY)
        for journey, line, begun in choose(reached, aims.share("quiz", month), _luck(chance)):
            quiz = next(one for one in objects[line.module.key] if one.kind == Kind.QUIZ)
            day = min(_soon(begun, line.done, chance), end)
            journey.acts.append(Act(day, place_of(line, QUIZ), "quiz.attempted", line, quiz.key))


def _luck(chance: Random) -> Callable[[Reached], float]:
    return lambda reached: chance.random() + 0.3 * reached[0].ability


@dataclass
class Presence:
    """In which weeks the journeys have acts, and in which of them productive ones."""

    active: dict[date, set[Week]]
    productive: dict[date, set[Week]]

    @classmethod
    def of(cls, journeys: Sequence[Journey]) -> Presence:
        there = cls(defaultdict(set), defaultdict(set))
        for number, journey in enumerate(journeys):
            for act in journey.acts:
                monday = monday_of(act.day)
                there.active[month_of(monday)].add((number, monday))
                if COUNTS[act.kind].productive:
                    there.productive[month_of(monday)].add((number, monday))
        return there


def monday_of(day: date) -> date:
    return day - day.weekday() * DAY


def _interact(journeys: Sequence[Journey], aims: MonthlyTargets) -> None:
    """Add writing in idle weeks, or visits between busy ones, up to the month's share."""
    there = Presence.of(journeys)
    for month, active in there.active.items():
        share = aims.share("interaction", month)
        chance = seeded_random(aims.seed, "interaction", month)
        productive = there.productive[month]
        if len(productive) < share * len(active):
            missing = round(share * len(active)) - len(productive)
            _write(journeys, sorted(active - productive), missing, chance)
        else:
            missing = round(len(productive) / share) - len(active)
            _visit(journeys, _idle_weeks(journeys, active, month, aims), missing, chance)


def _write(journeys: Sequence[Journey], weeks: Sequence[Week], count: int, chance: Random) -> None:
    for number, monday in chance.sample(weeks, count):
        acts = journeys[number].acts
        act = chance.choice([one for one in acts if monday_of(one.day) == monday])
        acts.append(Act(act.day, act.place + 0.5, chance.choice(WRITING), act.line))


def _idle_weeks(
    journeys: Sequence[Journey], active: Iterable[Week], month: date, aims: MonthlyTargets
) -> Iterator[Week]:
    """The month's whole weeks from the first day to the due one in which nothing was done."""
    busy = set(active)
    first = monday_of(month + 6 * DAY)
    for number, journey in enumerate(journeys):
        if not journey.acts:
            continue
        begin = min(act.day for act in journey.acts)
        end = min(journey.due or date.max, journey.left or date.max, aims.calendar.today)
        for monday in (first + count * 7 * DAY for count in range(5)):
            is_within = begin <= monday and monday + 7 * DAY <= end
            if is_within and month_of(monday) == month and (number, monday) not in busy:
                yield number, monday


def _visit(journeys: Sequence[Journey], weeks: Iterable[Week], count: int, chance: Random) -> None:
    """Have some look into a module again that they were in before."""
    idle = [week for week in weeks if not _is_paused(journeys[week[0]], week[1])]
    for number, monday in chance.sample(idle, min(count, len(idle))):
        acts = journeys[number].acts
        line = max((act for act in acts if act.day < monday), key=lambda act: act.place).line
        day = monday + chance.randrange(7) * DAY
        acts.append(Act(day, 0, "content.viewed", line))


def _is_paused(journey: Journey, monday: date) -> bool:
    pause = journey.pause
    return (
        pause is not None and monday + 6 * DAY >= pause.begin and monday <= (pause.end or date.max)
    )
