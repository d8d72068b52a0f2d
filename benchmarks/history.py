# ruff: noqa: S608  (the statements hold only names and numbers of our own)
"""Make a history of courses and of what their learners did, by set-based SQL on either database.

Every quarter each course has a run with `learners` enrollments, who are active on 62 days each,
and about as many facts of the other kinds as such learners leave behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.core.management.color import no_style
from django.db import connection

from business.models import Customer
from curriculum.models import Course, CourseRun, Enrollment, Learner, Module, PlannedModule, Skill
from engagement.models import (
    DailyActivity,
    LearningObject,
)
from outcomes.models import Survey, Wave

BEGIN = date(2020, 1, 6)
DAYS, MODULES = 91, 8
# the tables in which rows get ids of our choice
NUMBERED = (Course, CourseRun, Module, Learner, Enrollment, LearningObject, PlannedModule, Customer)


@dataclass(frozen=True)
class Size:
    """How many courses there are, quarters with a run of each, and learners in each run."""

    courses: int = 20
    quarters: int = 20
    learners: int = 40

    @property
    def runs(self) -> int:
        return self.courses * self.quarters

    @property
    def enrollments(self) -> int:
        return self.runs * self.learners


def make(size: Size) -> int:
    """Make the history in an empty database; returns the rows of daily activity."""
    _make_curriculum(size)
    _make_plans(size)
    _make_activity()
    _make_learning()
    _make_outcomes()
    _make_business()
    _advance_sequences()
    return DailyActivity.objects.count()


def _make_curriculum(size: Size) -> None:
    _insert(
        f"curriculum_course (id, key, title, nominal_days, created_at)"
        f" SELECT n + 1, {_text('c', 'n')}, {_text('Course ', 'n')}, 60, {_moment('0')}"
        f" FROM {_numbers(size.courses)}"
    )
    _insert(
        f"curriculum_courserun (id, course_id, key, title)"
        f" SELECT n + 1, n / {size.quarters} + 1, {_text('q', f'(n % {size.quarters})')}, ''"
        f" FROM {_numbers(size.runs)}"
    )
    _insert(
        "curriculum_module (id, course_id, key, title, position, is_required, planned_days,"
        f" effort_minutes) SELECT n + 1, n / {MODULES} + 1, {_text('m', f'(n % {MODULES})')}, 'M',"
        f" n % {MODULES}, {_bool('1 = 1')}, 7, 60 + n % 5 FROM {_numbers(size.courses * MODULES)}"
    )
    # learner n of the run of a course and quarter, as benchmarks/refresh.py names them
    run, number = f"(n / {size.learners})", f"(n % {size.learners})"
    key = f"'l' || ({run} / {size.quarters}) || '-' || ({run} % {size.quarters}) || '-' || {number}"
    _insert(
        f"curriculum_learner (id, key, name, email, kind) SELECT n + 1, {key}, '', '',"
        f" CASE WHEN n % 200 = 7 THEN 'staff' ELSE 'learner' END FROM {_numbers(size.enrollments)}"
    )
    # one in twenty was in the course's run of the quarter before
    returns = f"n % 20 = 3 AND {run} % {size.quarters} > 0"
    start = f"{DAYS} * ({run} % {size.quarters})"
    withdrawn = f"CASE WHEN n % 50 = 9 THEN {_moment(f'{start} + 3')}"
    withdrawn += f" WHEN n % 50 = 10 THEN {_moment(f'{start} + 40')} END"
    completed = f"CASE WHEN n % 10 < 7 THEN {_moment(f'{start} + 50 + n % 60')} END"
    _insert(
        "curriculum_enrollment (id, run_id, learner_id, enrolled_at, started_at, cutoff_at,"
        " planned_due_at, due_at, withdrawn_at, completed_at, completed_by_sender,"
        " certificate_track_at)"
        f" SELECT n + 1, {run} + 1,"
        f" CASE WHEN {returns} THEN n + 1 - {size.learners} ELSE n + 1 END,"
        f" {_moment(start)}, {_moment(start)}, {_moment(f'{start} + 14')},"
        f" {_moment(f'{start} + 90')}, {_moment(f'{start} + 90')}, {withdrawn}, {completed},"
        f" {_bool('1 = 1')}, CASE WHEN n % 2 = 0 THEN {_moment(start)} END"
        f" FROM {_numbers(size.enrollments)}"
    )
    _insert(
        "engagement_learningobject (id, course_id, module_id, kind, key, title, duration_seconds,"
        " pass_mark)"
        f" SELECT 3 * m.id + n, m.course_id, m.id, {KIND}, {KIND} || '-' || m.position, '',"
        f" CASE WHEN n = 0 THEN 100 + m.position END, 0.5"
        f" FROM curriculum_module m, {_numbers(3)}"
    )


KIND = "CASE n WHEN 0 THEN 'video' WHEN 1 THEN 'quiz' ELSE 'assessment' END"


def _make_plans(size: Size) -> None:
    due = f"{DAYS} * (e.quarter) + 8 * (m.position + 1)"
    of_quarter = (
        f"(SELECT id, run_id, (run_id - 1) % {size.quarters} AS quarter,"
        f" (run_id - 1) / {size.quarters} + 1 AS course_id FROM curriculum_enrollment)"
    )
    _insert(
        "curriculum_plannedmodule (id, enrollment_id, module_id, position, is_required,"
        " effort_minutes, planned_due_at, due_at)"
        f" SELECT e.id * {MODULES} + m.position, e.id, m.id, m.position,"
        f" {_bool('m.position < 7')}, m.effort_minutes, {_moment(due)}, {_moment(due)}"
        f" FROM {of_quarter} e JOIN curriculum_module m ON m.course_id = e.course_id"
    )
    reached = f"{DAYS} * ((e.run_id - 1) % {size.quarters}) + 8 * p.position + p.id % 5"
    done = f"CASE WHEN p.id % 10 < 8 THEN {_moment(f'{reached} + 1 + p.id % 11')} END"
    _insert(
        "engagement_moduleprogress (planned_id, reached_at, done_at, is_waived)"
        f" SELECT p.id, {_moment(reached)}, {done}, {_bool('p.id % 97 = 0')}"
        " FROM curriculum_plannedmodule p JOIN curriculum_enrollment e ON e.id = p.enrollment_id"
        " WHERE p.id % 10 <> 9"
    )


def _make_activity() -> None:
    module = f"(r.course_id - 1) * {MODULES} + n * {MODULES} / {DAYS} + 1"
    _insert(
        "engagement_dailyactivity (enrollment_id, module_id, day, interactions, productive,"
        " content, quiz)"
        f" SELECT e.id, {module}, {_day('n', since='e.enrolled_at')}, 2 + n % 5,"
        f" CASE WHEN (e.id + n) % 3 = 0 THEN 1 + n % 2 ELSE 0 END, 1, 0"
        " FROM curriculum_enrollment e JOIN curriculum_courserun r ON r.id = e.run_id,"
        f" {_numbers(DAYS)} WHERE (e.id * 37 + n * 53) % {DAYS} < 62"
        # as it comes: day by day
        " ORDER BY 3, 1"
    )
    week = {
        "sqlite": "date(day, '-6 days', 'weekday 1')",
        "postgresql": "date_trunc('week', day)::date",
    }[connection.vendor]
    for module in ("module_id", "NULL"):
        grouped = ", module_id" if module != "NULL" else ""
        _insert(
            "engagement_weekpresence (enrollment_id, module_id, week, is_productive)"
            f" SELECT enrollment_id, {module}, {week} AS monday, {_bool('MAX(productive) > 0')}"
            f" FROM engagement_dailyactivity GROUP BY enrollment_id, monday{grouped} ORDER BY 3, 1"
        )


def _make_learning() -> None:
    """Videos, quizzes and assessments, when their module was reached."""
    reached = (
        "FROM engagement_moduleprogress g JOIN curriculum_plannedmodule p ON p.id = g.planned_id"
    )
    _insert(
        "engagement_videoprogress (enrollment_id, video_id, started_at, segments, watched_seconds)"
        f" SELECT p.enrollment_id, 3 * p.module_id, g.reached_at, '[]', 10.0 + p.id % 90"
        f" {reached} WHERE p.id % 5 <> 0"
    )
    _insert(
        "engagement_quizattempt (enrollment_id, quiz_id, attempted_at)"
        f" SELECT p.enrollment_id, 3 * p.module_id + 1, g.reached_at {reached} WHERE p.id % 5 < 3"
    )
    _insert(
        "engagement_assessmentresult (enrollment_id, assessment_id, attempt, graded_at, score)"
        f" SELECT p.enrollment_id, 3 * p.module_id + 2, n + 1, g.done_at,"
        f" (p.id * 7 + n * 13) % 101 / 100.0 {reached}, {_numbers(2)}"
        " WHERE g.done_at IS NOT NULL AND (n = 0 OR p.id % 10 = 1)"
    )


def _make_outcomes() -> None:
    wave = Wave.objects.create(survey=Survey.objects.create(key="end", title="End"), key="w")
    skills = [Skill.objects.create(key=f"s{n}", title="Skill").pk for n in range(2)]
    later = _later("e.started_at", "80")
    _insert(
        "outcomes_response (enrollment_id, wave_id, answered_at, nps, csat, comment, may_quote,"
        f" language) SELECT e.id, {wave.pk}, {later}, e.id % 11, 1 + e.id % 5, '',"
        f" {_bool('1 = 0')}, ''"
        " FROM curriculum_enrollment e WHERE e.id % 3 = 0"
    )
    _insert(
        "outcomes_skillassessment (enrollment_id, skill_id, stage, assessed_at, score, mastery)"
        f" SELECT e.id, n + {skills[0]}, 'post', {_later('e.started_at', '70 + e.id % 20')},"
        f" (e.id * 7 % 101) / 100.0, 0.8 FROM curriculum_enrollment e, {_numbers(2)}"
        " WHERE e.id % 2 = 0"
    )
    _insert(
        "outcomes_certificate (enrollment_id, earned_at, number, reason)"
        " SELECT e.id, e.completed_at, '', '' FROM curriculum_enrollment e"
        " WHERE e.id % 4 = 0 AND e.completed_at IS NOT NULL"
    )
    _insert(
        "outcomes_careeroutcome (enrollment_id, kind, reported_at)"
        f" SELECT e.id, 'none', {_later('e.started_at', '120')} FROM curriculum_enrollment e"
        " WHERE e.id % 10 = 1 AND e.completed_at IS NOT NULL"
    )


def _make_business() -> None:
    _insert(
        "business_customer (id, kind, key, name, learner_id)"
        " SELECT id, 'learner', key, '', id FROM curriculum_learner"
    )
    _insert(
        "business_payment (sender, key, is_refund, is_customer_reported, is_course_reported,"
        " customer_id, course_id, amount, currency, booked_at, subscription_key, payment_key)"
        f" SELECT 'lms', {_text('p', 'e.id')}, {_bool('1 = 0')}, {YES}, {YES}, e.learner_id,"
        " r.course_id, 25000, 'USD', e.started_at, '', ''"
        " FROM curriculum_enrollment e JOIN curriculum_courserun r ON r.id = e.run_id"
    )
    _insert(
        "business_subscription (key, kind, plan, customer_id, course_id, started_at, ended_at,"
        f" ended_by) SELECT {_text('s', 'e.id')}, 'subscription', '', e.learner_id, r.course_id,"
        f" e.started_at, {_later('e.started_at', '60 + e.id % 60')}, 'cancelled'"
        " FROM curriculum_enrollment e JOIN curriculum_courserun r ON r.id = e.run_id"
        " WHERE e.id % 10 = 1"
    )


def _insert(into: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {into}".replace("%", "%%"), [])


def _numbers(count: int) -> str:
    """The numbers n from 0, as a table."""
    return (
        f"(WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers"
        f" WHERE n < {count - 1}) SELECT n FROM numbers) AS numbers"
    )


def _text(prefix: str, number: str) -> str:
    return f"'{prefix}' || ({number})"


def _bool(claim: str) -> str:
    return f"({claim})"


YES = _bool("1 = 1")


def _moment(days: str) -> str:
    """The start of a day, counted from the beginning."""
    if connection.vendor == "sqlite":
        return f"datetime('{BEGIN}', ({days}) || ' days')"
    return f"(timestamptz '{BEGIN} 00:00+00' + ({days}) * interval '1 day')"


def _later(moment: str, days: str) -> str:
    if connection.vendor == "sqlite":
        return f"datetime({moment}, ({days}) || ' days')"
    return f"({moment} + ({days}) * interval '1 day')"


def _day(days: str, *, since: str) -> str:
    if connection.vendor == "sqlite":
        return f"date({since}, ({days}) || ' days')"
    return f"(({since} AT TIME ZONE 'UTC')::date + ({days}))"


def _advance_sequences() -> None:
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), NUMBERED):
            cursor.execute(statement)
