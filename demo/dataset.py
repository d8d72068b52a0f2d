"""Generate the demonstration data as unsaved rows and raw events, without a database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from curriculum.models import CourseRun, Learner
from curriculum.parameter_definitions import REFUND_CUTOFF, WINDOW_FACTOR
from curriculum.parameters import DECLARED
from curriculum.run_plans import Terms, TermsAt
from demo import event_factory
from demo.business import invitations
from demo.business.memberships import Memberships
from demo.business.purchases import add_purchases
from demo.learning import completions, grades, pace, study_days, video_watching
from demo.learning.enrollments import EnrollmentGenerator
from demo.outcomes import careers, certificates, course_surveys, skill_assessments
from demo.world.calendar import Calendar
from demo.world.catalog import Catalog, make_catalog
from demo.world.journeys import Journey
from demo.world.monthly_targets import MonthlyTargets

SEED = 2026


def default_terms(run: CourseRun, enrolled_at: datetime) -> Terms:
    """Return the terms of a provider who has changed nothing."""
    factor, days = (DECLARED[key].default for key in (WINDOW_FACTOR, REFUND_CUTOFF))
    return Terms(window_factor=factor, cutoff_days=int(days))


@dataclass(frozen=True)
class Dataset:
    catalog: Catalog
    runs: Sequence[CourseRun]
    learners: Sequence[Learner]
    journeys: Sequence[Journey]
    events: Sequence[event_factory.Raw]


def generate(
    calendar: Calendar,
    *,
    seed: int = SEED,
    scale: float = 1.0,
    terms_at: TermsAt = default_terms,
) -> Dataset:
    """Generate the data of a day; the same arguments always give the same data."""
    targets, catalog = MonthlyTargets(calendar, seed, scale), make_catalog(seed)
    enrollments = EnrollmentGenerator(targets, catalog, terms_at)
    journeys = enrollments.journeys()
    completions.decide_completions(journeys, targets)
    pace.set_days(journeys, targets)
    study_days.add_study_days(journeys, catalog.objects, targets)
    video_watching.add_watched_segments(journeys, catalog.objects, targets)
    grades.add_grades(journeys, catalog.objects, targets)
    skill_assessments.add_skill_assessments(journeys, catalog, targets)
    certificates.add_certificates(journeys, targets)
    course_surveys.add_answers(journeys, targets)
    careers.add_answers(journeys, targets)
    invitations.add_invitations(journeys, targets)
    Memberships(journeys, add_purchases(journeys, targets), targets).run()
    for journey in journeys:
        journey.activities = [one for one in journey.activities if one.day < calendar.today]
    return Dataset(
        catalog=catalog,
        runs=list(enrollments.runs.values()),
        learners=list({one.learner.key: one.learner for one in journeys}.values()),
        journeys=journeys,
        events=event_factory.make_events(journeys, calendar, seed),
    )
