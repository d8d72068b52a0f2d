"""Who enrols where and when: every month its number, and a few whom no figure counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random

from curriculum import due_dates, pauses
from curriculum.models import CourseRun, Learner
from curriculum.run_plans import RunPlan
from demo.world.calendar import Calendar, quarter_of
from demo.world.catalog import SYLLABI, Catalogue, Syllabus
from demo.world.journeys import Journey, Line, Pause
from demo.world.monthly_targets import MonthlyTargets
from demo.world.people import People
from demo.world.seeded_random import seeded_random
from kpis.definitions.periods import containing

EARLY_BIRDS = 0.3
CANCELLED = 0.06
PAUSED = 0.03


@dataclass(frozen=True)
class ParameterValues:
    """What the curriculum's dials stand at."""

    window_factor: float = 1.5
    cutoff_days: int = 7


class Enrolling:
    """Fills the runs month by month."""

    def __init__(self, aims: MonthlyTargets, taught: Catalogue, dials: ParameterValues) -> None:
        self.aims = aims
        self.calendar = aims.calendar
        self.taught = taught
        self.dials = dials
        self.people = People(aims.seed)
        self.runs: dict[tuple[str, date], CourseRun] = {}

    def journeys(self) -> list[Journey]:
        """Those who have signed up before today, those who left again among them."""
        found = [one for month in self.calendar.months() for one in self._of_month(month)]
        return [one for one in found if self.calendar.day_of(one.enrolled_at) < self.calendar.today]

    def _of_month(self, month: date) -> Iterator[Journey]:
        chance = seeded_random(self.aims.seed, "joining", month)
        count = self.aims.starts(month)
        for _ in range(count):
            yield self._journey(month, chance, Learner.Kind.LEARNER)
        for _ in range(round(count * CANCELLED)):
            yield from self._cancelled(month, chance)
        yield self._journey(month, chance, chance.choice([Learner.Kind.STAFF, Learner.Kind.TEST]))

    def _cancelled(self, month: date, chance: Random) -> Iterator[Journey]:
        """Somebody who leaves before the cut-off, once that has happened."""
        if self.dials.cutoff_days < 1:
            return
        journey = self._journey(month, chance, Learner.Kind.LEARNER)
        journey.left = journey.start + timedelta(days=chance.randrange(self.dials.cutoff_days))
        journey.is_cancelled = True
        if journey.left < self.calendar.today:
            yield journey

    def _journey(self, month: date, chance: Random, kind: str) -> Journey:
        syllabus = chance.choices(SYLLABI, [one.popularity for one in SYLLABI])[0]
        run = self._run(syllabus, month)
        enrolled_at = self.calendar.moment(_day(run, month, chance), hour=chance.uniform(6, 8))
        plan = self._plan(run)
        start = self.calendar.day_of(plan.start(enrolled_at))
        journey = Journey(
            learner=self.people.for_course(run.course, kind),
            run=run,
            enrolled_at=enrolled_at,
            start=start,
            due=None,
            lines=[],
            ability=chance.gauss(0, 0.4) - syllabus.hardness,
            pace=chance.uniform(0.72, 1.0),
            pause=_pause(start, chance) if chance.random() < PAUSED else None,
        )
        schedule(journey, plan, self.calendar)
        return journey

    def _plan(self, run: CourseRun) -> RunPlan:
        return RunPlan(
            run=run,
            modules=self.taught.modules[run.course.key],
            cutoff=timedelta(days=self.dials.cutoff_days),
            length=timedelta(days=self.dials.window_factor * run.nominal_days),
        )

    def _run(self, syllabus: Syllabus, month: date) -> CourseRun:
        """The cohort of the month, or of its quarter."""
        starts_on = quarter_of(month) if syllabus.is_quarterly else month
        if (syllabus.key, starts_on) not in self.runs:
            kind = "quarter" if syllabus.is_quarterly else "month"
            name = containing(starts_on, kind, self.calendar.zone).label
            self.runs[syllabus.key, starts_on] = CourseRun(
                course=self.taught.courses[syllabus.key],
                key=name,
                title=f"{syllabus.title}, {name}",
                starts_on=starts_on,
            )
        return self.runs[syllabus.key, starts_on]


def _day(run: CourseRun, month: date, chance: Random) -> date:
    """A day of the month, or one before the run begins."""
    if run.starts_on == month and chance.random() < EARLY_BIRDS:
        return month - timedelta(days=chance.randint(1, 12))
    return month + timedelta(days=chance.randint(0, 26))


def _pause(start: date, chance: Random) -> Pause:
    begin = start + timedelta(days=chance.randint(8, 30))
    return Pause(begin, begin + timedelta(days=chance.randint(7, 21)))


def schedule(journey: Journey, plan: RunPlan, calendar: Calendar) -> None:
    """Give the journey its lines and due days, as the curriculum will reckon them."""
    if journey.pause and journey.pause.begin >= calendar.today:
        journey.pause = None
    if journey.pause and journey.pause.end and journey.pause.end >= calendar.today:
        journey.pause = Pause(journey.pause.begin, None)
    start = plan.start(journey.enrolled_at)
    journey.due = _due_day(start + plan.length, journey.pause, calendar)
    found = due_dates.module_due_dates(plan.modules, {}, started_at=start.astimezone(UTC))
    journey.lines = [
        Line(line.module, place, _due_day(line.due_at, journey.pause, calendar))
        for place, line in enumerate(found)
    ]


PAUSED_AT = 8.5


def _due_day(planned: datetime, pause: Pause | None, calendar: Calendar) -> date | None:
    if pause is None:
        return calendar.day_of(planned)
    begin = calendar.moment(pause.begin, hour=PAUSED_AT).astimezone(UTC)
    end = calendar.moment(pause.end, hour=PAUSED_AT).astimezone(UTC) if pause.end else None
    due = pauses.shift_for_pauses(planned, [(begin, end)])
    return calendar.day_of(due) if due else None
