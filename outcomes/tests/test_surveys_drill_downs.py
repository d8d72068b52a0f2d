from __future__ import annotations

from typing import Any

import pytest

from curriculum.models import Course
from outcomes.sections import scores
from outcomes.tests.school import did, enrolled, rows_of, school, table

pytestmark = pytest.mark.django_db

JANUARY, MARCH = "2026-01-31", "2026-03-31"
WAVE = {"survey": "end", "wave": "w1"}


@pytest.fixture(autouse=True)
def python() -> Course:
    return school()


def answered(who: str, at: str = "2026-01-20", **data: Any) -> None:
    did(who, "survey.answered", at, data={**WAVE, **data})


def test_scores_are_distributed_over_all_eleven() -> None:
    enrolled("ada", "bo", "dee", "eve")
    for who, score in (("ada", 10), ("bo", 10), ("dee", 7), ("eve", 3)):
        answered(who, nps=score)
    rows = rows_of(table("satisfaction", "distribution", JANUARY), "score", "group", "answers")

    assert len(rows) == 11
    assert rows[3] == ("3", "Detractors", 1)
    assert rows[6:] == [
        ("6", "Detractors", 0),
        ("7", "Passives", 1),
        ("8", "Passives", 0),
        ("9", "Promoters", 0),
        ("10", "Promoters", 2),
    ]


def test_a_hidden_score_stays_on_the_axis() -> None:
    rows = [{"score": str(score), "group": "Detractors", "is_hidden": True} for score in range(7)]
    rows.append({"score": "7", "group": "Passives", "answers": 12, "share": 0.75})
    drawn = scores.chart(rows)

    assert drawn["labels"][5:] == [["5", "hidden"], ["6", "hidden"], "7"]
    assert drawn["bars"][0]["values"] == [*[None] * 7, 12]
    assert drawn["bars"][0]["texts"][6:] == ["Detractors: hidden", "Passives: 12 answers, 75.0%"]


def test_promoters_passives_detractors_and_the_margin() -> None:
    names = [f"p{at}" for at in range(10)]
    enrolled(*names)
    for name, score in zip(names, (10, 10, 9, 9, 9, 8, 7, 7, 6, 0), strict=True):
        answered(name, nps=score)
    columns = ("answers", "promoters", "passives", "detractors", "nps", "margin")
    (row,) = rows_of(table("satisfaction", "groups", JANUARY), *columns)

    assert row == (10, 0.5, 0.3, 0.2, 0.3, pytest.approx(0.48284, abs=1e-4))


def test_a_learner_with_two_courses_counts_once_per_site_and_course() -> None:
    school("db")
    enrolled("ada")
    enrolled("ada", course="db")
    answered("ada", nps=9)
    did("ada", "survey.answered", "2026-01-22", course="db", data={**WAVE, "nps": 3})

    spread = rows_of(table("satisfaction", "distribution", JANUARY), "answers")
    assert [at for at, (answers,) in enumerate(spread) if answers] == [3]
    groups = rows_of(table("satisfaction", "groups", JANUARY), "answers", "nps")
    assert len(groups) == 2
    assert {nps for _, nps in groups} == {1, -1}


def test_one_answer_has_no_margin() -> None:
    enrolled("ada")
    answered("ada", nps=9)

    assert rows_of(table("satisfaction", "groups", JANUARY), "nps", "margin") == [(1, None)]


def test_the_distribution_of_answers_from_1_to_5() -> None:
    enrolled("ada", "bo", "cleo")
    for who, score in (("ada", 5), ("bo", 4), ("cleo", 1)):
        answered(who, csat=score)
    third = pytest.approx(1 / 3)
    rows = rows_of(table("csat", "distribution", JANUARY), "score", "answers", "share")
    (course,) = rows_of(table("csat", "courses", JANUARY), "answers", "satisfied", "mean")

    assert rows == [
        ("1", 1, third), ("2", 0, 0), ("3", 0, 0), ("4", 1, third), ("5", 1, third)
    ]  # fmt: skip
    assert course == (3, pytest.approx(2 / 3), pytest.approx(10 / 3))


def test_the_response_rate_is_answered_divided_by_invited() -> None:
    enrolled("ada", "bo", "cleo", "dee")
    for who in ("ada", "bo", "cleo", "dee"):
        did(who, "survey.sent", "2026-01-18", data=WAVE)
    answered("ada", "2026-02-02", nps=9)
    did("ada", "survey.dismissed", "2026-01-19", data=WAVE)
    did("bo", "survey.dismissed", "2026-01-19", data=WAVE)
    rows = rows_of(
        table("satisfaction", "response", JANUARY),
        *("survey", "wave", "invited", "answered", "dismissed", "rate"),
    )

    # Ada answered after all, in February
    assert rows == [("end", "w1", 4, 1, 1, 0.25)]


def careers() -> None:
    """Of four graduates who were asked, Ada has a new job and a project, Bo nothing."""
    names = ("ada", "bo", "cleo", "dee")
    enrolled(*names)
    for who in names:
        did(who, "course.completed", "2026-02-10")
        did(who, "survey.sent", "2026-03-12", data=WAVE)
    answered("ada", "2026-03-13", career=["placement", "project"])
    answered("bo", "2026-03-14", career=[])
    did("cleo", "survey.dismissed", "2026-03-14", data=WAVE)


def test_impact_by_kind() -> None:
    careers()

    assert rows_of(table("career-impact", "kinds", MARCH), "kind", "graduates", "share") == [
        ("New job", 1, 0.5),
        ("Promotion", 0, 0),
        ("Work project completed", 1, 0.5),
    ]


def test_the_bounds_count_missing_answers_as_no_impact_or_not_at_all() -> None:
    careers()
    columns = ("asked", "answered", "impact", "lower", "upper")

    assert rows_of(table("career-impact", "bounds", MARCH), *columns) == [(4, 2, 1, 0.25, 0.5)]


def test_bounds_are_suppressed_by_the_number_of_answers() -> None:
    careers()

    assert rows_of(table("career-impact", "bounds", MARCH), "asked", "learners") == [(4, 2)]


def test_learners_who_were_not_surveyed_do_not_affect_the_bounds() -> None:
    enrolled("ada")
    did("ada", "course.completed", "2026-02-10")
    answered("ada", "2026-03-13", nps=9)

    assert table("career-impact", "bounds", MARCH).rows == []
