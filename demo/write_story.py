"""The whole demonstration as rows and raw events, without a database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from curriculum.models import CourseRun, Learner
from demo import event_factory
from demo.business import invitations
from demo.business.memberships import Memberships
from demo.business.purchases import buy
from demo.learning import completions, grades, pace, study_days, video_watching
from demo.learning.enrollments import Enrolling, ParameterValues
from demo.outcomes import careers, certificates, course_surveys, skill_assessments
from demo.world.calendar import Calendar
from demo.world.catalog import Catalogue, catalogue
from demo.world.journeys import Journey
from demo.world.monthly_targets import MonthlyTargets

SEED = 2026


@dataclass(frozen=True)
class Story:
    taught: Catalogue
    runs: Sequence[CourseRun]
    learners: Sequence[Learner]
    journeys: Sequence[Journey]
    events: Sequence[event_factory.Raw]


def write(
    calendar: Calendar,
    *,
    seed: int = SEED,
    scale: float = 1.0,
    dials: ParameterValues | None = None,
) -> Story:
    """The same day, zone, seed, scale and dials give the same story."""
    aims, taught, dials = (
        MonthlyTargets(calendar, seed, scale),
        catalogue(seed),
        dials or ParameterValues(),
    )
    joining = Enrolling(aims, taught, dials)
    journeys = joining.journeys()
    completions.decide(journeys, aims)
    pace.walk(journeys, aims, cutoff_days=dials.cutoff_days)
    study_days.study(journeys, taught.objects, aims)
    video_watching.watch(journeys, taught.objects, aims)
    grades.grade(journeys, taught.objects, aims)
    _outcomes(journeys, taught, aims)
    _business(journeys, aims)
    _forget_what_lies_ahead(journeys, calendar)
    return Story(
        taught=taught,
        runs=list(joining.runs.values()),
        learners=list({one.learner.key: one.learner for one in journeys}.values()),
        journeys=journeys,
        events=event_factory.make_events(journeys, calendar, seed),
    )


def _outcomes(journeys: Sequence[Journey], taught: Catalogue, aims: MonthlyTargets) -> None:
    skill_assessments.assess(journeys, taught, aims)
    certificates.certify(journeys, aims)
    course_surveys.ask(journeys, aims)
    careers.follow_up(journeys, aims)


def _business(journeys: Sequence[Journey], aims: MonthlyTargets) -> None:
    invitations.invite(journeys, aims)
    Memberships(journeys, buy(journeys, aims), aims).run()


def _forget_what_lies_ahead(journeys: Sequence[Journey], calendar: Calendar) -> None:
    for journey in journeys:
        journey.acts = [act for act in journey.acts if act.day < calendar.today]
