"""Generate the enrollments of each month, and a few that no KPI counts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random

from curriculum import pause_shift
from curriculum.models import CourseRun, Learner
from curriculum.run_plans import RunPlan, TermsAt
from demo.world.calendar import Calendar, quarter_of
from demo.world.catalog import SYLLABI, Catalog, Syllabus
from demo.world.journeys import Journey, Pause, Step
from demo.world.monthly_targets import MonthlyTargets
from demo.world.people import LearnerPool
from demo.world.seeded_random import seeded_random
from kpis.definitions.periods import containing

EARLY_SHARE = 0.3
CANCEL_RATE = 0.06
PAUSE_RATE = 0.03


class EnrollmentGenerator:
    """Enrolls learners in course runs, month by month."""

    def __init__(self, targets: MonthlyTargets, catalog: Catalog, terms_at: TermsAt) -> None:
        self.targets = targets
        self.calendar = targets.calendar
        self.catalog = catalog
        self.terms_at = terms_at
        self.people = LearnerPool(targets.seed)
        self.runs: dict[tuple[str, date], CourseRun] = {}

    def journeys(self) -> list[Journey]:
        """Generate a journey for each learner who signed up before today."""
        found = [one for month in self.calendar.months() for one in self._journeys_of_month(month)]
        return [one for one in found if self.calendar.day_of(one.enrolled_at) < self.calendar.today]

    def _journeys_of_month(self, month: date) -> Iterator[Journey]:
        rng = seeded_random(self.targets.seed, "joining", month)
        count = self.targets.starts(month)
        for _ in range(count):
            yield self._journey(month, rng, Learner.Kind.LEARNER)
        for _ in range(round(count * CANCEL_RATE)):
            yield from self._cancelled(month, rng)
        yield self._journey(month, rng, rng.choice([Learner.Kind.STAFF, Learner.Kind.TEST]))

    def _cancelled(self, month: date, rng: Random) -> Iterator[Journey]:
        """Yield a learner who leaves before the cut-off, if that is already in the past."""
        journey = self._journey(month, rng, Learner.Kind.LEARNER)
        if journey.cutoff_days < 1:
            return
        journey.left = journey.start + timedelta(days=rng.randrange(journey.cutoff_days))
        journey.is_cancelled = True
        if journey.left < self.calendar.today:
            yield journey

    def _journey(self, month: date, rng: Random, kind: str) -> Journey:
        syllabus = rng.choices(SYLLABI, [one.popularity for one in SYLLABI])[0]
        run = self._run(syllabus, month)
        enrolled_at = self.calendar.moment(_enrollment_day(run, month, rng), hour=rng.uniform(6, 8))
        plan = self._plan(run)
        start = self.calendar.day_of(plan.start(enrolled_at))
        journey = Journey(
            learner=self.people.for_course(run.course, kind),
            run=run,
            enrolled_at=enrolled_at,
            start=start,
            cutoff_days=self.terms_at(run, enrolled_at).cutoff_days,
            due=None,
            steps=[],
            ability=rng.gauss(0, 0.4) - syllabus.hardness,
            pace=rng.uniform(0.72, 1.0),
            pause=_pause(start, rng) if rng.random() < PAUSE_RATE else None,
        )
        set_schedule(journey, plan, self.calendar)
        return journey

    def _plan(self, run: CourseRun) -> RunPlan:
        return RunPlan(
            run=run,
            modules=self.catalog.modules[run.course.key],
            terms_at=self.terms_at,
        )

    def _run(self, syllabus: Syllabus, month: date) -> CourseRun:
        """The course run of the month, or of its quarter."""
        starts_on = quarter_of(month) if syllabus.is_quarterly else month
        if (syllabus.key, starts_on) not in self.runs:
            kind = "quarter" if syllabus.is_quarterly else "month"
            name = containing(starts_on, kind, self.calendar.zone).label
            self.runs[syllabus.key, starts_on] = CourseRun(
                course=self.catalog.courses[syllabus.key],
                key=name,
                title=f"{syllabus.title}, {name}",
                starts_on=starts_on,
            )
        return self.runs[syllabus.key, starts_on]


def _enrollment_day(run: CourseRun, month: date, rng: Random) -> date:
    """Choose a day in the month, or a day shortly before the run starts."""
    if run.starts_on == month and rng.random() < EARLY_SHARE:
        return month - timedelta(days=rng.randint(1, 12))
    return month + timedelta(days=rng.randint(0, 26))


def _pause(start: date, rng: Random) -> Pause:
    begin = start + timedelta(days=rng.randint(8, 30))
    return Pause(begin, begin + timedelta(days=rng.randint(7, 21)))


def set_schedule(journey: Journey, plan: RunPlan, calendar: Calendar) -> None:
    """Set the steps and due days of a journey, as the curriculum will compute them."""
    if journey.pause and journey.pause.begin >= calendar.today:
        journey.pause = None
    if journey.pause and journey.pause.end and journey.pause.end >= calendar.today:
        journey.pause = Pause(journey.pause.begin, None)
    dates = plan.dates(journey.enrolled_at)
    journey.due = _due_day(dates.due_at, journey.pause, calendar)
    start = plan.start(journey.enrolled_at)
    found = plan.lines({}, plan.terms_at(plan.run, journey.enrolled_at))
    journey.steps = [
        Step(line.module, order, _due_day(line.due_at(start), journey.pause, calendar))
        for order, line in enumerate(found)
    ]


PAUSE_HOUR = 8.5


def _due_day(planned: datetime, pause: Pause | None, calendar: Calendar) -> date | None:
    if pause is None:
        return calendar.day_of(planned)
    begin = calendar.moment(pause.begin, hour=PAUSE_HOUR).astimezone(UTC)
    end = calendar.moment(pause.end, hour=PAUSE_HOUR).astimezone(UTC) if pause.end else None
    due = pause_shift.shift_for_pauses(planned, [(begin, end)])
    return calendar.day_of(due) if due else None
