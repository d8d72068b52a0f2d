from __future__ import annotations

from typing import Any

import pytest

from curriculum.models import Course
from engagement.pace import pace, point_biserial
from engagement.tests.school import did, enrolled, finished, graded, period, rows_of, school
from kpis.definitions.registry import REGISTRY, Table
from kpis.definitions.scopes import Scope
from kpis.statistics.shares_and_medians import median_of, share

pytestmark = pytest.mark.django_db

JANUARY, FEBRUARY = "2026-01-31", "2026-02-28"


@pytest.fixture(autouse=True)
def python() -> Course:
    return school()


def table(slug: str, drill: str, day: str, scope: Scope | None = None) -> Table:
    found = REGISTRY[f"engagement.{slug}"].drill_downs[drill]
    return found.table(period(day), scope or Scope())


def test_reach_completion_and_drop_off_by_module() -> None:
    enrolled("ada", "bo", "cleo")
    finished("ada", "m1", "m2", at="2026-01-20")
    finished("bo", "m1", at="2026-01-20")
    rows = rows_of(
        table("completion-rate", "modules", FEBRUARY),
        *("title", "planned", "reached", "done", "reach", "completion", "drop_off"),
    )

    third = pytest.approx(1 / 3)
    assert rows == [
        ("Module 1", 3, 2, 2, pytest.approx(2 / 3), pytest.approx(2 / 3), third),
        ("Module 2", 3, 1, 1, third, third, 0.5),
    ]


def test_days_to_complete_are_a_median() -> None:
    enrolled("ada", "bo", "cleo")
    for who, at in (("ada", "2026-01-15"), ("bo", "2026-01-17"), ("cleo", "2026-01-30")):
        did(who, "course.completed", f"{at}T00:00:00Z")
    rows = rows_of(table("completion-rate", "time", JANUARY), "completed", "median")

    # 10, 12 and 25 days
    assert rows == [(3, 12)]


def test_raw_totals_include_everybody() -> None:
    enrolled("ada", "bo", "cleo")
    did("bo", "enrollment.withdrawn", "2026-01-06")
    did("cleo", "enrollment.withdrawn", "2026-01-20")
    did("ada", "content.viewed", "2026-01-07", module="m1")
    graded("ada", 0.5, "2026-01-08")
    columns = ("run", "enrolments", "cancelled", "withdrawn", "interactions", "results")

    assert rows_of(table("completion-rate", "runs", JANUARY), *columns) == [("r1", 3, 1, 1, 1, 1)]


def test_pace_by_course() -> None:
    enrolled("ada", "bo")
    finished("ada", "m1", "m2", at="2026-01-11")
    finished("bo", "m1", at="2026-01-11")
    rows = rows_of(
        table("progress-velocity", "pace", JANUARY), "enrolments", "on_pace", "median", "per_week"
    )

    # Ada 1, Bo ½; three modules by two learners in 31 days
    assert rows == [(2, 0.5, 0.75, pytest.approx(3 * 7 / 62))]


def test_videos_quizzes_and_weeks() -> None:
    enrolled("ada", "bo")
    data = {"segments": [[0, 30]], "duration": 60}
    did("ada", "video.watched", "2026-01-06", object="film", module="m1", data=data)
    did("bo", "quiz.attempted", "2026-01-06", object="quiz", module="m1")

    film = rows_of(table("depth", "videos", JANUARY), "title", "minutes", "started", "watched")
    quiz = rows_of(table("depth", "quizzes", JANUARY), "title", "reached", "attempted")
    weeks = rows_of(table("depth", "weeks", JANUARY), "week", "active", "productive", "rate")
    assert film == [("film", 1, 1, 0.5)]
    assert quiz == [("quiz", 2, 1)]
    assert weeks == [("2026-01-05 to 2026-01-11", 2, 1, 0.5)]


def items(*scores: float) -> dict[str, Any]:
    return {"items": [{"id": f"q{at}", "score": score} for at, score in enumerate(scores, 1)]}


def test_scores_by_assessment() -> None:
    enrolled("ada", "bo")
    graded("ada", 0.4, "2026-01-10", data=items(1, 0))
    graded("ada", 0.8, "2026-01-12", attempt=2, data=items(1, 1))
    graded("bo", 0.45, "2026-01-10", data=items(0, 0))
    (row,) = rows_of(
        table("assessment-performance", "assessments", JANUARY),
        *("title", "pairs", "best", "first", "passed", "first_try"),
    )

    # best 0.8 and 0.45; first 0.4 and 0.45; one passes with 0.5; 1 of 4 first tries is right
    assert row == ("exam", 2, pytest.approx(0.625), pytest.approx(0.425), 0.5, 0.25)


def test_items_have_a_difficulty_and_with_thirty_answers_a_discrimination() -> None:
    enrolled(*(f"p{at}" for at in range(30)))
    for at in range(29):
        graded(f"p{at}", at % 2, "2026-01-10", data=items(at % 2))
    few = rows_of(table("assessment-performance", "items", JANUARY), "answers", "discrimination")
    graded("p29", 1, "2026-01-10", data=items(1))
    (row,) = table("assessment-performance", "items", JANUARY).rows

    assert few == [(29, None)]
    # 15 of 30 right, and those have everything right
    assert (row["question"], row["difficulty"]) == ("q1", 0.5)
    assert row["discrimination"] == pytest.approx(1)


def test_a_scope_narrows_the_rows(python: Course) -> None:
    enrolled("ada")
    finished("ada", "m1", at="2026-01-11")
    first = python.modules.get(key="m1")
    scope = Scope(frozenset({python.pk}), None, first.pk)

    assert rows_of(table("progress-velocity", "pace", JANUARY, scope), "median") == [(1,)]
    assert table("progress-velocity", "pace", JANUARY, Scope(frozenset())).rows == []


def test_point_biserial_is_pearsons_correlation() -> None:
    # x = 0, 0, 1, 1 and y = 1, 2, 3, 4: 2 ÷ √(4 × 20 ÷ 4 ÷ 4) = 2 ÷ √5
    assert point_biserial(4, 2, 10, 7, 2, 30) == pytest.approx(0.894427, abs=1e-6)
    assert point_biserial(4, 4, 10, 10, 4, 30) is None


def test_a_share_of_nothing_is_none() -> None:
    assert (share(1, 0), pace(1, 0), median_of([])) == (None, None, None)
    assert (share(1, 4), pace(5, 2), median_of([1, 2])) == (0.25, 2, 1.5)
