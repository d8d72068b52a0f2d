"""NPS, CSAT and their facts, with expected values computed by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from accounts.tests.people import moment
from curriculum.models import Course, Enrollment, Learner
from intake.receiving.receive import receive
from kpis.definitions.registry import REGISTRY
from kpis.definitions.scopes import Scope
from kpis.models import Measurement, Restatement
from kpis.recompute.recompute_stale import recompute_stale
from outcomes.models import Invitation, Response, Survey
from outcomes.tests.school import LMS, did, enrolled, is_of_kind, outcome_sums, school, sums

pytestmark = pytest.mark.django_db

JANUARY, FEBRUARY = "2026-01-31", "2026-02-28"
NPS, CSAT = "satisfaction", "csat"
WAVE = {"survey": "end", "wave": "w1"}


@pytest.fixture(autouse=True)
def python() -> Course:
    return school()


def answered(
    who: str, at: str = "2026-01-20", wave: str = "w1", course: str = "py", **data: Any
) -> None:
    data = {"survey": "end", "wave": wave, **data}
    did(who, "survey.answered", at, course=course, data=data)


def dismissed(who: str, at: str) -> None:
    did(who, "survey.dismissed", at, data=WAVE)


def test_there_is_no_value_without_answers() -> None:
    enrolled("ada")
    did("ada", "survey.sent", "2026-01-20", data=WAVE)

    assert sums(NPS, JANUARY) == (0, 0)
    assert outcome_sums(NPS, JANUARY)[()].value is None


@pytest.mark.parametrize(("score", "points"), [(0, -1), (6, -1), (7, 0), (8, 0), (9, 1), (10, 1)])
def test_an_answer_is_a_promoter_a_passive_or_a_detractor(score: int, points: int) -> None:
    enrolled("ada")
    answered("ada", nps=score)

    assert sums(NPS, JANUARY) == (points, 1)


def test_nps_of_ten_answers() -> None:
    names = [f"p{at}" for at in range(10)]
    enrolled(*names)
    for name, score in zip(names, (10, 10, 9, 9, 9, 8, 7, 7, 6, 0), strict=True):
        answered(name, nps=score)
    found = outcome_sums(NPS, JANUARY)[()]

    # 5 promoters, 3 passives, 2 detractors
    assert (found.total, found.weight) == (3, 10)


def test_nps_is_shown_in_points_and_is_low_under_fifty_answers() -> None:
    indicator = REGISTRY["outcome.satisfaction"]

    assert indicator.unit.shown(0.72) == 72
    assert (indicator.target, indicator.min_n) == (Decimal(80), 50)


def test_fours_and_fives_are_satisfied() -> None:
    names = [f"p{at}" for at in range(5)]
    enrolled(*names)
    for name, score in zip(names, (1, 3, 4, 5, 5), strict=True):
        answered(name, csat=score)

    assert sums(CSAT, JANUARY) == (3, 5)
    assert sums(NPS, JANUARY) == (0, 0)


def test_the_latest_of_two_answers_in_a_wave_counts() -> None:
    enrolled("ada")
    answered("ada", "2026-02-03", nps=10, csat=5)
    answered("ada", "2026-01-20", nps=2, csat=1)

    assert sums(NPS, JANUARY) == (0, 0)
    assert sums(NPS, FEBRUARY) == (1, 1)
    assert sums(CSAT, FEBRUARY) == (1, 1)


def test_of_two_simultaneous_answers_the_larger_id_counts() -> None:
    enrolled("ada")
    event = {"kind": "survey.answered", "occurred_at": "2026-01-20T12:00:00Z", "learner": "ada"}
    for key, score in (("b", 9), ("a", 3)):
        receive([{**event, "id": key, "course": "py", "data": {**WAVE, "nps": score}}], LMS)

    assert sums(NPS, JANUARY) == (1, 1)


def test_the_site_counts_the_latest_answer_of_two_courses() -> None:
    db = school("db")
    enrolled("ada")
    enrolled("ada", course="db")
    answered("ada", "2026-01-20", nps=2, csat=1)
    answered("ada", "2026-01-22", course="db", nps=9)

    assert sums(NPS, JANUARY) == (1, 1)
    # for the question that the later answer leaves out, the earlier answer counts
    assert sums(CSAT, JANUARY) == (0, 1)
    by_course = outcome_sums(NPS, JANUARY, by=["course"])
    assert {key: one.total for key, one in by_course.items()} == {
        (Course.objects.get(key="py").pk,): -1,
        (db.pk,): 1,
    }


def test_an_answer_in_a_canceled_enrollment_does_not_replace_others() -> None:
    school("db")
    enrolled("ada")
    enrolled("ada", course="db")
    answered("ada", "2026-01-08", nps=10)
    answered("ada", "2026-01-09", course="db", nps=2)
    did("ada", "enrollment.withdrawn", "2026-01-10", course="db")

    assert sums(NPS, JANUARY) == (1, 1)


def test_the_latest_answer_within_several_courses_counts() -> None:
    courses = [school("db"), school("third")]
    enrolled("ada")
    for at, one in enumerate(courses):
        enrolled("ada", course=one.key)
        answered("ada", f"2026-01-2{at}", course=one.key, nps=10 - 4 * at)
    answered("ada", "2026-01-25", nps=0)

    assert sums(NPS, JANUARY) == (-1, 1)
    assert sums(NPS, JANUARY, scope=Scope(frozenset([courses[0].pk]))) == (1, 1)
    some = Scope(frozenset(one.pk for one in courses))
    assert sums(NPS, JANUARY, scope=some) == (-1, 1)


def test_answers_in_two_waves_both_count() -> None:
    enrolled("ada")
    answered("ada", nps=10)
    answered("ada", nps=3, wave="w2")

    assert sums(NPS, JANUARY) == (0, 2)


def test_a_later_answer_replaces_the_whole_earlier_one() -> None:
    enrolled("ada")
    answered("ada", nps=10, comment="Splendid", may_quote=True)
    answered("ada", "2026-01-21", csat=4)

    assert sums(NPS, JANUARY) == (0, 0)
    assert Response.objects.values_list("comment", "may_quote").get() == ("", False)


def test_a_dismissal_is_not_an_answer() -> None:
    enrolled("ada", "bo")
    answered("ada", nps=10)
    dismissed("bo", "2026-01-20")

    assert sums(NPS, JANUARY) == (1, 1)


@pytest.mark.parametrize("at", ["2026-01-19", "2026-01-21"])
def test_an_answer_counts_despite_a_dismissal(at: str) -> None:
    enrolled("ada")
    dismissed("ada", at)
    answered("ada", nps=10)

    assert sums(NPS, JANUARY) == (1, 1)


def test_an_invitation_starts_with_its_first_event() -> None:
    enrolled("ada")
    answered("ada", "2026-01-20", nps=10)
    did("ada", "survey.sent", "2026-01-18", data=WAVE)

    assert Invitation.objects.get().sent_at == moment("2026-01-18T12:00:00")


def test_an_empty_comment_is_not_quotable() -> None:
    enrolled("ada")
    answered("ada", nps=10, comment="  ", may_quote=True)

    assert Response.objects.values_list("comment", "may_quote").get() == ("", False)


def test_answers_of_staff_and_canceled_enrollments_do_not_count() -> None:
    enrolled("ada", "bo", "cleo")
    for name in ("ada", "bo", "cleo"):
        answered(name, "2026-01-08", nps=10)
    is_of_kind("bo", Learner.Kind.TEST)
    did("cleo", "enrollment.withdrawn", "2026-01-09")

    assert sums(NPS, JANUARY) == (1, 1)


def test_a_new_survey_gets_its_questions_from_answers() -> None:
    enrolled("ada")
    answered("ada", nps=10, career=[])
    made = Survey.objects.get(key="end")

    assert (made.asks_nps, made.asks_career) == (True, True)
    assert (made.asks_csat, made.asks_comment) == (False, False)


def rejected_field(**data: Any) -> str:
    enrolled("ada")
    event = {"id": "x", "kind": "survey.answered", "occurred_at": "2026-01-20T12:00:00Z"}
    (outcome,) = receive([{**event, "learner": "ada", "course": "py", "data": data}], LMS)
    return outcome.field


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"nps": 11}, "data.nps"),
        ({"nps": -1}, "data.nps"),
        ({"nps": "9"}, "data.nps"),
        ({"csat": 0}, "data.csat"),
        ({"csat": 4.5}, "data.csat"),
        ({"career": ["fame"]}, "data.career.0"),
        ({"career": [], "career_on": "2026-01-20"}, "data"),
        ({}, "data"),
        ({"nps": 9, "language": "English, I think"}, "data.language"),
    ],
)
def test_an_answer_outside_its_scale_is_rejected(data: dict[str, Any], field: str) -> None:
    assert rejected_field(**WAVE, **data) == field


def test_a_late_answer_restates_a_closed_month() -> None:
    enrolled("ada", "bo")
    answered("ada", nps=10)
    recompute_stale(now=moment("2026-03-10"))
    before = january_of_the_site()
    answered("bo", nps=0)
    recompute_stale(now=moment("2026-03-11"))

    assert (before.total, before.weight) == (1, 1)
    assert [(one.total, one.weight) for one in Restatement.objects.filter(measurement=before)] == [
        (1, 1)
    ]
    assert (january_of_the_site().total, january_of_the_site().weight) == (0, 2)


def january_of_the_site() -> Measurement:
    return Measurement.objects.get(
        kpi="outcome.satisfaction", scope="site", period_kind="month", period_start="2026-01-01"
    )


def test_a_changed_answer_moves_to_its_new_day() -> None:
    enrolled("ada")
    answered("ada", "2026-01-20", nps=10)
    recompute_stale(now=moment("2026-03-10"))
    answered("ada", "2026-02-03", nps=9)
    recompute_stale(now=moment("2026-03-11"))

    assert january_of_the_site().weight == 0


def test_a_cancellation_removes_answers_from_computed_values() -> None:
    enrolled("ada")
    answered("ada", nps=10)
    recompute_stale(now=moment("2026-03-10"))
    did("ada", "enrollment.withdrawn", "2026-01-06")
    recompute_stale(now=moment("2026-03-11"))

    assert Enrollment.objects.get().is_cancelled
    assert january_of_the_site().weight == 0
