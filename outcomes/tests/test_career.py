"""Career impact, with expected values computed by hand.

Ada and Bo complete on 10 February; the 180th day after it is 9 August.
"""

from __future__ import annotations

from typing import Any

import pytest

from accounts.tests.people import course, moment, run_of
from curriculum.models import Course
from intake.tests.lms import event, send
from kpis.models import Measurement
from kpis.recompute.recompute_stale import recompute_stale
from outcomes.models import CareerOutcome
from outcomes.tests.school import did, enrolled, outcome_sums, school, sums

pytestmark = pytest.mark.django_db

IMPACT = "career-impact"
MARCH, AUGUST = "2026-03-31", "2026-08-31"


@pytest.fixture(autouse=True)
def python() -> Course:
    return school()


def graduated(*names: str, at: str = "2026-02-10", **more: Any) -> None:
    enrolled(*names, **more)
    for name in names:
        did(name, "course.completed", at, **more)


def answered(who: str, at: str, *impacts: str, wave: str = "w1", **data: Any) -> None:
    answers = {"survey": "career", "wave": wave, "career": list(impacts), **data}
    did(who, "survey.answered", at, data=answers)


def reported(who: str, at: str, kind: str, **data: Any) -> None:
    did(who, "career.reported", at, data={"kind": kind, **data})


def test_one_of_two_graduates_who_answered_has_a_job() -> None:
    graduated("ada", "bo", "cleo")
    answered("ada", "2026-03-12", "placement", career_on="2026-03-01")
    answered("bo", "2026-03-12")

    assert sums(IMPACT, MARCH) == (1, 2)


def test_there_is_no_value_without_answers() -> None:
    graduated("ada")

    assert outcome_sums(IMPACT, MARCH)[()].value is None


def test_a_graduate_counts_once_however_many_impacts_and_answers() -> None:
    graduated("ada")
    answered("ada", "2026-03-12", "placement", "project")
    answered("ada", "2026-03-20", "promotion", wave="w2")
    reported("ada", "2026-03-25", "none")

    assert sums(IMPACT, MARCH) == (1, 1)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("career.reported", {"kind": "project", "happened_on": "2026-03-02"}),
        ("survey.answered", {"survey": "s", "wave": "w", "career": ["project"],
                             "career_on": "2026-03-02"}),
    ],
)  # fmt: skip
def test_a_future_date_is_rejected(kind: str, data: dict[str, Any]) -> None:
    enrolled("ada")
    (outcome,) = send(event("c", kind, at="2026-03-01T23:59:59Z", data=data))

    assert (outcome.code, outcome.field) == ("invalid", f"data.{list(data)[-1]}")
    assert "2026-03-02 is after 2026-03-01, the day of the report" in outcome.reason


def test_learners_who_have_not_completed_are_not_graduates() -> None:
    enrolled("ada")
    answered("ada", "2026-03-12", "placement")

    assert sums(IMPACT, MARCH) == (0, 0)


def test_an_answer_before_the_completion_counts_from_the_completion() -> None:
    enrolled("ada")
    answered("ada", "2026-03-12", "project", career_on="2026-03-11")
    did("ada", "course.completed", "2026-04-01")

    assert sums(IMPACT, MARCH) == (0, 0)
    assert sums(IMPACT, MARCH, "quarter") == (0, 0)


@pytest.mark.parametrize(
    ("day", "impacts"),
    [("2026-02-09", 0), ("2026-02-10", 1), ("2026-08-09", 1), ("2026-08-10", 0)],
)
def test_an_impact_counts_from_the_completion_to_the_180th_day(day: str, impacts: int) -> None:
    graduated("ada")
    answered("ada", "2026-08-20", "promotion", career_on=day)

    assert sums(IMPACT, AUGUST) == (impacts, 1)


def test_the_default_day_is_the_day_of_the_report() -> None:
    graduated("ada", "bo")
    reported("ada", "2026-08-09", "placement")
    reported("bo", "2026-08-10", "placement")

    assert sums(IMPACT, AUGUST) == (1, 2)


def test_a_later_answer_in_the_wave_replaces_the_earlier() -> None:
    graduated("ada")
    answered("ada", "2026-03-20")
    answered("ada", "2026-03-12", "placement")

    assert sums(IMPACT, MARCH) == (0, 1)
    assert CareerOutcome.objects.get().kind == "none"


def test_an_answer_without_the_question_does_not_count() -> None:
    graduated("ada")
    did("ada", "survey.answered", "2026-03-12", data={"survey": "s", "wave": "w", "nps": 9})

    assert sums(IMPACT, MARCH) == (0, 0)


def test_a_graduate_of_two_courses_counts_once_on_the_site() -> None:
    other = course("sql")
    run_of(other)
    graduated("ada")
    graduated("ada", course="sql")
    reported("ada", "2026-03-12", "placement")
    did("ada", "career.reported", "2026-03-12", course="sql", data={"kind": "none"})
    by_course = outcome_sums(IMPACT, MARCH, by=("course",))

    assert sums(IMPACT, MARCH) == (1, 1)
    assert by_course[other.pk,].total == 0
    assert by_course[other.pk,].weight == 1


def test_a_report_of_no_impact_cannot_have_a_day() -> None:
    graduated("ada")
    reported("ada", "2026-03-12", "none")

    assert sums(IMPACT, MARCH) == (0, 1)
    assert CareerOutcome.objects.get().happened_on is None


def test_a_late_completion_is_recomputed() -> None:
    enrolled("ada")
    reported("ada", "2026-03-12", "placement")
    recompute_stale(now=moment("2026-05-10"))
    before = march_of_the_site()
    did("ada", "course.completed", "2026-02-10")
    recompute_stale(now=moment("2026-05-11"))

    assert (before, march_of_the_site()) == ([], [(1, 1)])


def march_of_the_site() -> list[tuple[float, float]]:
    rows = Measurement.objects.filter(
        kpi="outcome.career-impact", scope="site", period_kind="month", period_start="2026-03-01"
    )
    return [(one.total, one.weight) for one in rows if one.weight]
