"""What the page of a learner's progress shows. The number of queries does not grow with courses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from core import reporting_clock
from curriculum.models import Learner
from engagement.models import WeekPresence
from kpis.definitions.periods import WINDOW, Period, local_day
from kpis.statistics.shares_and_medians import share
from learners.progress import cohort, courses, outcomes
from learners.progress.cohort import BEGINNING
from learners.progress.course_progress import CourseProgress, Result
from learners.progress.outcomes import OpenSurvey
from learners.progress.streaks import Streak, streak
from learners.progress.trend import Trend, trend
from outcomes.models import Certificate, SkillAssessment
from presentation.svg_drawings import Sparkline, sparkline_of


@dataclass(frozen=True)
class ProgressPage:
    """A learner (see `with_referrals`), and everything about them."""

    learner: Any
    courses: Sequence[CourseProgress]
    streak: Streak
    skills: Sequence[SkillAssessment]
    certificates: Sequence[Certificate]
    surveys: Sequence[OpenSurvey]

    @property
    def due_next(self) -> list[CourseProgress]:
        """The courses in which something is due, what is due first at the beginning."""
        due = [(one.pace.due_on, one) for one in self.courses if one.pace]
        return [one for _, one in sorted(due, key=lambda dated: dated[0])]

    @cached_property
    def results(self) -> list[Result]:
        """The results of all courses, in the order in which they were earned."""
        every = (result for one in self.courses for result in one.results)
        return sorted(every, key=lambda one: one.graded_at)

    @property
    def mean_score(self) -> float | None:
        return share(sum(one.score for one in self.results), len(self.results))

    @property
    def trend(self) -> Trend | None:
        return trend([one.score for one in self.results])

    @property
    def curve(self) -> Sparkline | None:
        return sparkline_of([100 * one.score for one in self.results], bounds=(0, 100))

    @property
    def watched_seconds(self) -> float:
        return float(sum(one.enrollment.watched_seconds for one in self.courses))

    @property
    def attained(self) -> list[SkillAssessment]:
        return [one for one in self.skills if one.is_mastered]

    @property
    def not_attained(self) -> list[SkillAssessment]:
        return [one for one in self.skills if not one.is_mastered]


def progress_page(learner: Learner, now: datetime) -> ProgressPage:
    zone = reporting_clock.reporting_zone()
    found = courses.courses_of(learner, now)
    comparisons = cohort.compare(learner.pk, courses.runs_of(found), now)
    for one in found:
        one.comparisons = comparisons.get(one.enrollment.run_id, ())
    today = local_day(now, zone)
    until_now = Period(BEGINNING, today + timedelta(days=1), WINDOW, zone, now)
    return ProgressPage(
        learner=learner,
        courses=found,
        streak=streak(_active_weeks(learner), today),
        skills=outcomes.skills_of(learner, until_now),
        certificates=outcomes.certificates_of(learner),
        surveys=outcomes.open_surveys_of(learner, now),
    )


def _active_weeks(learner: Learner) -> list[Any]:
    weeks = WeekPresence.objects.filter(
        enrollment__learner=learner, enrollment__is_cancelled=False, module=None
    )
    return list(weeks.order_by().values_list("week", flat=True).distinct())
