"""Skill attainment on learners worked by hand; mastery is 0.8 unless the dial is turned."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from curriculum.models import Course, Enrollment, Parameter, Skill
from curriculum.parameters import create_missing, parameter_for, set_value
from intake.events.senders import Sender
from intake.tests.lms import event, send
from kpis.definitions.aggregates import Scope
from kpis.models import StaleDay
from outcomes.models import SkillAssessment
from outcomes.parameter_definitions import MASTERY
from outcomes.tests.school import (
    did,
    enrolled,
    is_of_kind,
    period,
    rows_of,
    school,
    skilled,
    sums,
    table,
    tally,
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


def test_nobody_assessed_is_no_figure() -> None:
    enrolled("ada")

    assert sums(ATTAINMENT, JANUARY) == (0, 0)


def test_the_latest_assessment_of_the_period_stands() -> None:
    enrolled("ada")
    skilled("ada", 0.9, "2026-01-20")
    skilled("ada", 0.5, "2026-01-10")
    skilled("ada", 0.4, "2026-02-02")

    assert sums(ATTAINMENT, JANUARY) == (1, 1)
    assert sums(ATTAINMENT, FEBRUARY) == (0, 1)
    assert sums(ATTAINMENT, FEBRUARY, "quarter") == (0, 1)


def test_of_two_at_one_moment_the_better_stands() -> None:
    enrolled("ada")
    skilled("ada", 0.9, "2026-01-10")
    skilled("ada", 0.5, "2026-01-10")

    assert SkillAssessment.objects.get().score == 0.9


def test_an_assessment_before_the_course_tells_no_attainment() -> None:
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
    by_course = tally(ATTAINMENT, JANUARY).grouped(("course",))
    assert {key: one.total for (key,), one in by_course.items()} == {python.pk: 1, other.pk: 0}


def test_of_several_courses_the_latest_within_them_stands(python: Course) -> None:
    other, third = school("db"), school("third")
    for key, score, day in (("py", 0.3, 10), ("db", 0.9, 11), ("third", 0.2, 12)):
        enrolled("ada", course=key)
        skilled("ada", score, f"2026-01-{day}", course=key)

    # what was assessed last lies in a course that this reader does not see
    assert sums(ATTAINMENT, JANUARY, scope=Scope(frozenset({python.pk, other.pk}))) == (1, 1)
    assert sums(ATTAINMENT, JANUARY, scope=Scope(frozenset({python.pk, third.pk}))) == (0, 1)
    assert sums(ATTAINMENT, JANUARY) == (0, 1)


def test_each_run_tells_its_own_latest(python: Course) -> None:
    first = python.runs.get()
    second = python.runs.create(key="r2")
    enrolled("ada", run="r1")
    enrolled("ada", run="r2")
    skilled("ada", 0.9, "2026-01-10", run="r1")
    skilled("ada", 0.3, "2026-01-12", run="r2")
    by_run = tally(ATTAINMENT, JANUARY).grouped(("run",))

    assert {key: one.total for (key,), one in by_run.items()} == {first.pk: 1, second.pk: 0}
    assert sums(ATTAINMENT, JANUARY, scope=only(python)) == (0, 1)


def test_who_left_before_the_cut_off_stands_in_nobody_s_way() -> None:
    school("db")
    enrolled("ada")
    enrolled("ada", course="db")
    skilled("ada", 0.9, "2026-01-08")
    skilled("ada", 0.3, "2026-01-09", course="db")
    did("ada", "enrollment.withdrawn", "2026-01-10", course="db")

    assert sums(ATTAINMENT, JANUARY) == (1, 1)


@pytest.mark.parametrize("kind", ["staff", "test"])
def test_staff_and_test_accounts_count_nowhere(kind: str) -> None:
    enrolled("ada", "cleo")
    skilled("ada", 0.9, "2026-01-10")
    skilled("cleo", 0.9, "2026-01-10")
    is_of_kind("cleo", kind)

    assert sums(ATTAINMENT, JANUARY) == (1, 1)


def mastery() -> Parameter:
    create_missing()
    return Parameter.objects.get(key=MASTERY, course=None)


def test_a_later_turn_of_the_dial_leaves_what_was_assessed() -> None:
    enrolled("ada", "bo")
    skilled("ada", 0.75, "2026-01-10")
    set_value(mastery(), Decimal("0.7"), reason="Kinder.")
    skilled("bo", 0.75, "2026-01-11")

    # both were assessed while mastery was 0.8
    assert sums(ATTAINMENT, JANUARY) == (0, 2)


def test_what_is_assessed_after_the_turn_is_judged_by_it() -> None:
    enrolled("ada")
    change = set_value(mastery(), Decimal("0.7"), reason="Kinder.")
    assert change is not None
    change.decided_at = period("2026-01-08").start
    change.save()
    skilled("ada", 0.75, "2026-01-10")

    assert SkillAssessment.objects.get().is_mastered


def test_a_course_may_have_a_mastery_of_its_own(python: Course) -> None:
    own = parameter_for(MASTERY, course=python)
    Parameter.objects.filter(pk=own.pk).update(value=Decimal("0.5"))
    enrolled("ada")
    skilled("ada", 0.5, "2026-01-10")

    assert sums(ATTAINMENT, JANUARY) == (1, 1)


@pytest.mark.parametrize("value", [-0.1, 1.1])
def test_a_score_outside_of_0_to_1_is_refused(value: float) -> None:
    enrolled("ada")
    (outcome,) = send(event(kind="skill.assessed", object="sql", value=value))

    assert (outcome.status, outcome.field) == ("rejected", "value")


def test_an_unknown_skill_is_refused_unless_the_sender_may_make_it() -> None:
    enrolled("ada")
    raw = event(kind="skill.assessed", object="sql", value=1)
    (refused,) = send(raw, sender=Sender("strict"))
    (taken,) = send(raw, sender=Sender("free", creates_unknown=True))

    assert (refused.code, refused.field, taken.status) == ("unknown_object", "object", "accepted")
    assert Skill.objects.get().title == "sql"


def test_an_assessment_marks_its_day_alone() -> None:
    enrolled("ada")
    StaleDay.objects.all().delete()
    skilled("ada", 0.9, "2026-01-10")

    assert list(StaleDay.objects.values_list("key", "day")) == [
        ("outcome.skill-attainment", date(2026, 1, 10))
    ]


def test_who_is_cancelled_is_measured_again_where_they_were_assessed() -> None:
    enrolled("ada")
    skilled("ada", 0.9, "2026-01-08")
    StaleDay.objects.all().delete()
    did("ada", "enrollment.withdrawn", "2026-01-10")
    marked = StaleDay.objects.filter(key="outcome.skill-attainment")

    assert date(2026, 1, 8) in set(marked.values_list("day", flat=True))


def test_attainment_by_skill() -> None:
    enrolled("ada", "bo")
    skilled("ada", 0.9, "2026-01-10")
    skilled("bo", 0.2, "2026-01-10")
    skilled("bo", 0.9, "2026-01-10", skill="html")
    rows = rows_of(
        table(ATTAINMENT, "skills", JANUARY), "skill", "assessed", "attained", "value", "learners"
    )

    assert rows == [("html", 1, 1, 1, 1), ("sql", 2, 1, 0.5, 2)]


def test_coverage_is_assessed_of_expected(python: Course) -> None:
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


def test_gain_is_of_those_assessed_before_and_after() -> None:
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


def test_the_enrolment_at_hand_is_that_of_the_run() -> None:
    enrolled("ada")
    skilled("ada", 0.9, "2026-01-10")

    assert SkillAssessment.objects.get().enrollment == Enrollment.objects.get()
