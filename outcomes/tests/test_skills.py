"""Skill attainment, with expected values computed by hand; mastery is 0.8 by default."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from curriculum.models import Course, Enrollment, Parameter, Skill
from curriculum.parameters import create_missing, parameter_for, set_value
from intake.events.senders import Sender
from intake.tests.lms import event, send
from kpis.definitions.scopes import Scope
from kpis.models import StaleDay
from kpis.tests.stale import marked_days, marks
from outcomes.models import SkillAssessment
from outcomes.parameter_definitions import MASTERY
from outcomes.tests.school import (
    did,
    enrolled,
    is_of_kind,
    outcome_sums,
    period,
    rows_of,
    school,
    skilled,
    sums,
    table,
    teaches,
)

pytestmark = pytest.mark.django_db

ATTAINMENT = "skill-attainment"
JANUARY, FEBRUARY = "2026-01-31", "2026-02-28"


@pytest.fixture(autouse=True)
def python() -> Course:
    return school()


def only(course: Course) -> Scope:
    return Scope(frozenset({course.pk}))


def test_two_of_three_pairs_reach_mastery() -> None:
    enrolled("ada", "bo")
    skilled("ada", 0.8, "2026-01-10")
    skilled("ada", 0.79, "2026-01-10", skill="html")
    skilled("bo", 1, "2026-01-11")

    assert sums(ATTAINMENT, JANUARY) == (2, 3)


def test_there_is_no_value_without_assessments() -> None:
    enrolled("ada")

    assert sums(ATTAINMENT, JANUARY) == (0, 0)


def test_the_latest_assessment_of_the_period_counts() -> None:
    enrolled("ada")
    skilled("ada", 0.9, "2026-01-20")
    skilled("ada", 0.5, "2026-01-10")
    skilled("ada", 0.4, "2026-02-02")

    assert sums(ATTAINMENT, JANUARY) == (1, 1)
    assert sums(ATTAINMENT, FEBRUARY) == (0, 1)
    assert sums(ATTAINMENT, FEBRUARY, "quarter") == (0, 1)


def test_the_better_of_two_simultaneous_assessments_counts() -> None:
    enrolled("ada")
    skilled("ada", 0.9, "2026-01-10")
    skilled("ada", 0.5, "2026-01-10")

    assert SkillAssessment.objects.get().score == 0.9


def test_an_assessment_before_the_course_does_not_count() -> None:
    enrolled("ada", "bo")
    skilled("ada", 0.9, "2026-01-10", data={"stage": "post"})
    skilled("ada", 0.1, "2026-01-20", data={"stage": "pre"})
    skilled("bo", 0.1, "2026-01-20", data={"stage": "pre"})

    assert sums(ATTAINMENT, JANUARY) == (1, 1)


def test_a_pair_counts_once_for_the_site_and_in_each_of_its_courses(python: Course) -> None:
    other = school("db")
    enrolled("ada")
    enrolled("ada", course="db")
    skilled("ada", 0.9, "2026-01-10")
    skilled("ada", 0.3, "2026-01-12", course="db")

    assert sums(ATTAINMENT, JANUARY) == (0, 1)
    assert sums(ATTAINMENT, JANUARY, scope=only(python)) == (1, 1)
    assert sums(ATTAINMENT, JANUARY, scope=only(other)) == (0, 1)
    by_course = outcome_sums(ATTAINMENT, JANUARY, by=("course",))
    assert {key: one.total for (key,), one in by_course.items()} == {python.pk: 1, other.pk: 0}


def test_the_latest_assessment_within_several_courses_counts(python: Course) -> None:
    other, third = school("db"), school("third")
    for key, score, day in (("py", 0.3, 10), ("db", 0.9, 11), ("third", 0.2, 12)):
        enrolled("ada", course=key)
        skilled("ada", score, f"2026-01-{day}", course=key)

    # the last assessment is in a course that this reader cannot see
    assert sums(ATTAINMENT, JANUARY, scope=Scope(frozenset({python.pk, other.pk}))) == (1, 1)
    assert sums(ATTAINMENT, JANUARY, scope=Scope(frozenset({python.pk, third.pk}))) == (0, 1)
    assert sums(ATTAINMENT, JANUARY) == (0, 1)


def test_each_run_counts_its_own_latest_assessment(python: Course) -> None:
    first = python.runs.get()
    second = python.runs.create(key="r2")
    enrolled("ada", run="r1")
    enrolled("ada", run="r2")
    skilled("ada", 0.9, "2026-01-10", run="r1")
    skilled("ada", 0.3, "2026-01-12", run="r2")
    by_run = outcome_sums(ATTAINMENT, JANUARY, by=("run",))

    assert {key: one.total for (key,), one in by_run.items()} == {first.pk: 1, second.pk: 0}
    assert sums(ATTAINMENT, JANUARY, scope=only(python)) == (0, 1)


def test_a_canceled_enrollment_does_not_replace_other_assessments() -> None:
    school("db")
    enrolled("ada")
    enrolled("ada", course="db")
    skilled("ada", 0.9, "2026-01-08")
    skilled("ada", 0.3, "2026-01-09", course="db")
    did("ada", "enrollment.withdrawn", "2026-01-10", course="db")

    assert sums(ATTAINMENT, JANUARY) == (1, 1)


@pytest.mark.parametrize("kind", ["staff", "test"])
def test_staff_and_test_accounts_do_not_count(kind: str) -> None:
    enrolled("ada", "cleo")
    skilled("ada", 0.9, "2026-01-10")
    skilled("cleo", 0.9, "2026-01-10")
    is_of_kind("cleo", kind)

    assert sums(ATTAINMENT, JANUARY) == (1, 1)


def mastery() -> Parameter:
    create_missing()
    return Parameter.objects.get(key=MASTERY, course=None)


def test_a_later_change_of_mastery_does_not_affect_earlier_assessments() -> None:
    enrolled("ada", "bo")
    skilled("ada", 0.75, "2026-01-10")
    set_value(mastery(), Decimal("0.7"), reason="Kinder.")
    skilled("bo", 0.75, "2026-01-11")

    # both were assessed while mastery was 0.8
    assert sums(ATTAINMENT, JANUARY) == (0, 2)


def test_a_change_of_mastery_applies_to_later_assessments() -> None:
    enrolled("ada")
    change = set_value(mastery(), Decimal("0.7"), reason="Kinder.")
    assert change is not None
    change.decided_at = period("2026-01-08").start
    change.save()
    skilled("ada", 0.75, "2026-01-10")

    assert SkillAssessment.objects.get().is_mastered


def test_a_course_may_have_a_mastery_of_its_own(python: Course) -> None:
    own, since = parameter_for(MASTERY, course=python), period("2026-01-08").start
    set_value(own, Decimal("0.5"), reason="A hard one.", effective_from=since)
    enrolled("ada")
    skilled("ada", 0.5, "2026-01-10")

    assert sums(ATTAINMENT, JANUARY) == (1, 1)


@pytest.mark.parametrize("value", [-0.1, 1.1])
def test_a_score_outside_0_to_1_is_rejected(value: float) -> None:
    enrolled("ada")
    (outcome,) = send(event(kind="skill.assessed", object="sql", value=value))

    assert (outcome.status, outcome.field) == ("rejected", "value")


def test_an_unknown_skill_is_rejected_unless_the_sender_may_create_it() -> None:
    enrolled("ada")
    raw = event(kind="skill.assessed", object="sql", value=1)
    (rejected,) = send(raw, sender=Sender("strict"))
    (accepted,) = send(raw, sender=Sender("free", creates_unknown=True))

    assert (rejected.code, rejected.field, accepted.status) == (
        "unknown_object",
        "object",
        "accepted",
    )
    assert Skill.objects.get().title == "sql"


def test_an_assessment_marks_only_its_day_as_stale() -> None:
    enrolled("ada")
    StaleDay.objects.all().delete()
    skilled("ada", 0.9, "2026-01-10")

    assert {(key, day) for key, _, day in marks()} == {
        ("outcome.skill-attainment", date(2026, 1, 10))
    }


def test_a_cancellation_marks_the_days_of_assessments_as_stale() -> None:
    enrolled("ada")
    skilled("ada", 0.9, "2026-01-08")
    StaleDay.objects.all().delete()
    did("ada", "enrollment.withdrawn", "2026-01-10")

    assert date(2026, 1, 8) in marked_days(key="outcome.skill-attainment")


def test_attainment_by_skill() -> None:
    enrolled("ada", "bo")
    skilled("ada", 0.9, "2026-01-10")
    skilled("bo", 0.2, "2026-01-10")
    skilled("bo", 0.9, "2026-01-10", skill="html")
    rows = rows_of(
        table(ATTAINMENT, "skills", JANUARY), "skill", "assessed", "attained", "value", "learners"
    )

    assert rows == [("html", 1, 1, 1, 1), ("sql", 2, 1, 0.5, 2)]


def test_coverage_is_assessed_divided_by_expected(python: Course) -> None:
    first, second = python.modules.all()
    teaches(first, "sql", "html")
    teaches(second, "sql")
    enrolled("ada", "bo")
    skilled("ada", 0.1, "2026-01-10")
    skilled("bo", 0.9, "2026-03-01")
    skilled("bo", 0.9, "2026-01-10", data={"stage": "pre"})
    found = table(ATTAINMENT, "coverage", FEBRUARY)

    # both fell due on 16 February, and Bo was assessed after its end
    assert rows_of(found, "skill", "expected", "assessed", "coverage") == [
        ("Skill html", 2, 0, 0),
        ("Skill sql", 2, 1, 0.5),
    ]


def test_gain_covers_learners_assessed_before_and_after() -> None:
    enrolled("ada", "bo", "cleo", "dan")
    for who, score in (("ada", 0.2), ("bo", 0.5), ("dan", 1)):
        skilled(who, score, "2026-01-05", data={"stage": "pre"})
    for who, score in (("ada", 0.6), ("bo", 1), ("cleo", 0.7), ("dan", 0.9)):
        skilled(who, score, "2026-01-20")
    (row,) = table(ATTAINMENT, "gain", JANUARY).rows

    # gains 0.4, 0.5, −0.1; normalised 0.4 ÷ 0.8 and 0.5 ÷ 0.5, and none for who had it all
    assert (row["pairs"], row["able"]) == (3, 2)
    assert row["gain"] == pytest.approx(0.8 / 3)
    assert row["normalised"] == pytest.approx(0.75)
    assert (row["mean_before"], row["mean_after"]) == pytest.approx((1.7 / 3, 2.5 / 3))


def test_an_event_is_assigned_to_the_enrollment_of_its_run() -> None:
    enrolled("ada")
    skilled("ada", 0.9, "2026-01-10")

    assert SkillAssessment.objects.get().enrollment == Enrollment.objects.get()
