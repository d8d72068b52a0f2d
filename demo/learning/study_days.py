"""Add the activities of study days: reading, watching, quizzes, writing and further visits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from demo.world.calendar import last_day, month_of
from demo.world.experiment_plans import REMINDERS
from demo.world.journeys import Activity, Journey, Step
from demo.world.monthly_targets import MonthlyTargets
from demo.world.reactions import Reaction
from demo.world.seeded_random import choose, seeded_random
from engagement.facts.activity import COUNTS
from engagement.models import LearningObject

Kind = LearningObject.Kind
Objects = dict[str, list[LearningObject]]
Week = tuple[int, date]
Reached = tuple[Journey, Step, date]
DAY = timedelta(days=1)
# order of the activities of one module within a day
STARTED, VIDEO, VIEWED, QUIZ, WROTE, GRADED, COMPLETED = range(7)
READ_RATE, WATCH_RATE, WRITE_RATE = 0.15, 0.75, 0.12
WRITING = ("discussion.posted", "note.written", "question.answered")


def order_of(step: Step, offset: float) -> float:
    return step.position * 10 + offset


def add_study_days(journeys: Sequence[Journey], objects: Objects, targets: MonthlyTargets) -> None:
    """Add the activities of all journeys up to today."""
    for number, journey in enumerate(journeys):
        rng = seeded_random(targets.seed, "studying", number)
        activities = (
            activity for step in journey.steps for activity in _activities_of(step, objects, rng)
        )
        journey.activities = [
            activity for activity in activities if happens(journey, activity.day, targets)
        ]
    _add_quiz_attempts(journeys, objects, targets)
    counted = [one for one in journeys if one.counts]
    _add_reminded_visits(counted, targets)
    _adjust_interaction(counted, targets)


def happens(journey: Journey, day: date, targets: MonthlyTargets) -> bool:
    return day < targets.calendar.today and (journey.left is None or day <= journey.left)


def _activities_of(step: Step, objects: Objects, rng: Random) -> Iterator[Activity]:
    if step.begun is None:
        return
    yield Activity(step.begun, order_of(step, STARTED), "module.started", step)
    if rng.random() < READ_RATE:
        yield Activity(step.begun, order_of(step, VIEWED), "content.viewed", step)
    for video in objects[step.module.key]:
        day = _early_day(step.begun, step.done, rng)
        if video.kind == Kind.VIDEO and rng.random() < WATCH_RATE:
            yield Activity(day, order_of(step, VIDEO), "video.watched", step, video.key)
    if rng.random() < WRITE_RATE:
        day = _early_day(step.begun, step.done, rng)
        yield Activity(day, order_of(step, WROTE), rng.choice(WRITING), step)
    if step.done:
        yield Activity(step.done, order_of(step, COMPLETED), "module.completed", step)


def _early_day(begun: date, done: date | None, rng: Random) -> date:
    """Choose one of the first days of work on a module."""
    last = min(done or begun, begun + 4 * DAY)
    return begun + rng.randint(0, (last - begun).days) * DAY


def _add_quiz_attempts(
    journeys: Sequence[Journey], objects: Objects, targets: MonthlyTargets
) -> None:
    """Let the target share of learners who reach a quiz in a month attempt it."""
    by_month: dict[date, list[Reached]] = defaultdict(list)
    for journey in journeys:
        for step in journey.steps:
            if step.begun and happens(journey, step.begun, targets) and journey.counts:
                by_month[month_of(step.begun)].append((journey, step, step.begun))
    for month, reached in by_month.items():
        rng = seeded_random(targets.seed, "quizzes", month)
        end = min(last_day(month), targets.calendar.today - DAY)
        for journey, step, begun in choose(reached, targets.share("quiz", month), _propensity(rng)):
            quiz = next(one for one in objects[step.module.key] if one.kind == Kind.QUIZ)
            day = min(_early_day(begun, step.done, rng), end)
            journey.activities.append(
                Activity(day, order_of(step, QUIZ), "quiz.attempted", step, quiz.key)
            )


def _propensity(rng: Random) -> Callable[[Reached], float]:
    return lambda reached: rng.random() + 0.3 * reached[0].ability


@dataclass
class WeeklyActivity:
    """The weeks in which journeys have activities, and in which they have productive ones."""

    active: dict[date, set[Week]]
    productive: dict[date, set[Week]]

    @classmethod
    def of(cls, journeys: Sequence[Journey]) -> WeeklyActivity:
        presence = cls(defaultdict(set), defaultdict(set))
        for number, journey in enumerate(journeys):
            for activity in journey.activities:
                monday = monday_of(activity.day)
                presence.active[month_of(monday)].add((number, monday))
                if COUNTS[activity.kind].productive:
                    presence.productive[month_of(monday)].add((number, monday))
        return presence


def monday_of(day: date) -> date:
    return day - day.weekday() * DAY


def _add_reminded_visits(journeys: Sequence[Journey], targets: MonthlyTargets) -> None:
    """Let learners who are reminded earlier come back, and only look."""
    reaction = Reaction(REMINDERS, targets.calendar)
    for month, active in WeeklyActivity.of(journeys).active.items():
        weeks = [
            (number, monday)
            for number, monday in _idle_weeks(journeys, active, month, targets)
            if reaction.is_treated(journeys[number], monday)
        ]
        rng = seeded_random(targets.seed, "reminding", month)
        _add_visits(journeys, weeks, round(reaction.plan.reaction * len(weeks)), rng)


def _adjust_interaction(journeys: Sequence[Journey], targets: MonthlyTargets) -> None:
    """Add writing or mere visits until the interaction rate of each month meets its target."""
    presence = WeeklyActivity.of(journeys)
    for month, active in presence.active.items():
        share = targets.share("interaction", month)
        rng = seeded_random(targets.seed, "interaction", month)
        productive = presence.productive[month]
        if len(productive) < share * len(active):
            missing = round(share * len(active)) - len(productive)
            _add_writing(journeys, sorted(active - productive), missing, rng)
        else:
            missing = round(len(productive) / share) - len(active)
            _add_visits(journeys, _idle_weeks(journeys, active, month, targets), missing, rng)


def _add_writing(
    journeys: Sequence[Journey], weeks: Sequence[Week], count: int, rng: Random
) -> None:
    for number, monday in rng.sample(weeks, count):
        activities = journeys[number].activities
        activity = rng.choice([one for one in activities if monday_of(one.day) == monday])
        activities.append(
            Activity(activity.day, activity.order + 0.5, rng.choice(WRITING), activity.step)
        )


def _idle_weeks(
    journeys: Sequence[Journey], active: Iterable[Week], month: date, targets: MonthlyTargets
) -> Iterator[Week]:
    """The whole weeks of the month, between first activity and due day, without any activity."""
    busy = set(active)
    first = monday_of(month + 6 * DAY)
    for number, journey in enumerate(journeys):
        if not journey.activities:
            continue
        begin = min(activity.day for activity in journey.activities)
        end = min(journey.due or date.max, journey.left or date.max, targets.calendar.today)
        for monday in (first + count * 7 * DAY for count in range(5)):
            is_within = begin <= monday and monday + 7 * DAY <= end
            if is_within and month_of(monday) == month and (number, monday) not in busy:
                yield number, monday


def _add_visits(
    journeys: Sequence[Journey], weeks: Iterable[Week], count: int, rng: Random
) -> None:
    """Let some learners revisit a module in weeks without activity."""
    idle = [week for week in weeks if not _is_paused(journeys[week[0]], week[1])]
    for number, monday in rng.sample(idle, min(count, len(idle))):
        activities = journeys[number].activities
        step = max(
            (activity for activity in activities if activity.day < monday),
            key=lambda activity: activity.order,
        ).step
        day = monday + rng.randrange(7) * DAY
        activities.append(Activity(day, 0, "content.viewed", step))


def _is_paused(journey: Journey, monday: date) -> bool:
    pause = journey.pause
    return (
        pause is not None and monday + 6 * DAY >= pause.begin and monday <= (pause.end or date.max)
    )
