"""The whole demonstration as rows and raw events, without a database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from curriculum.models import CourseRun, Learner
from kpisite.demo import (
    asking,
    assessing_skills,
    careers,
    certifying,
    finishing,
    grading,
    inviting,
    pacing,
    studying,
    telling,
    watching,
)
from kpisite.demo.aims import Aims
from kpisite.demo.buying import buy
from kpisite.demo.catalogue import Catalogue, catalogue
from kpisite.demo.joining import Dials, Joining
from kpisite.demo.journeys import Journey
from kpisite.demo.memberships import Memberships
from kpisite.demo.months import Calendar

SEED = 2026


@dataclass(frozen=True)
class Story:
    taught: Catalogue
    runs: Sequence[CourseRun]
    learners: Sequence[Learner]
    journeys: Sequence[Journey]
    events: Sequence[telling.Raw]


def write(
    calendar: Calendar, *, seed: int = SEED, scale: float = 1.0, dials: Dials | None = None
) -> Story:
    """The same day, zone, seed, scale and dials give the same story."""
    aims, taught, dials = Aims(calendar, seed, scale), catalogue(seed), dials or Dials()
    joining = Joining(aims, taught, dials)
    journeys = joining.journeys()
    finishing.decide(journeys, aims)
    pacing.walk(journeys, aims, cutoff_days=dials.cutoff_days)
    studying.study(journeys, taught.objects, aims)
    watching.watch(journeys, taught.objects, aims)
    grading.grade(journeys, taught.objects, aims)
    _outcomes(journeys, taught, aims)
    _business(journeys, aims)
    _forget_what_lies_ahead(journeys, calendar)
    return Story(
        taught=taught,
        runs=list(joining.runs.values()),
        learners=list({one.learner.key: one.learner for one in journeys}.values()),
        journeys=journeys,
        events=telling.tell(journeys, calendar, seed),
    )


def _outcomes(journeys: Sequence[Journey], taught: Catalogue, aims: Aims) -> None:
    assessing_skills.assess(journeys, taught, aims)
    certifying.certify(journeys, aims)
    asking.ask(journeys, aims)
    careers.follow_up(journeys, aims)


def _business(journeys: Sequence[Journey], aims: Aims) -> None:
    inviting.invite(journeys, aims)
    Memberships(journeys, buy(journeys, aims), aims).run()


def _forget_what_lies_ahead(journeys: Sequence[Journey], calendar: Calendar) -> None:
    for journey in journeys:
        journey.acts = [act for act in journey.acts if act.day < calendar.today]
