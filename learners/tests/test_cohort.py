"""Medians of a run appear only where they reveal nobody; worked out by hand."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from accounts.tests.people import moment
from curriculum.models import Learner
from engagement.tests.school import is_of_kind
from learners.progress.cohort import Comparison
from learners.tests.studies import NOW, did, enrolled, graded, page_of, school

pytestmark = pytest.mark.django_db

SCORES = "Assessment performance"


@pytest.fixture(autouse=True)
def _groups_of_three(settings: Settings) -> None:
    settings.KPI_MIN_GROUP = 3
    school()
    enrolled("ada", "bo", "cleo", "dan")


def scored(*scores: float, at: str = "2026-01-08") -> None:
    """Grade Ada, Bo, Cleo and Dan, as far as there are scores."""
    for name, score in zip(("ada", "bo", "cleo", "dan"), scores, strict=False):
        graded(name, score, at, object=f"quiz {at}")


def compared(name: str = "ada", at: str = "2026-01-14T10:00:00") -> dict[str, Comparison]:
    (course,) = page_of(name, moment(at)).courses
    return {str(one.name): one for one in course.comparisons}


def test_the_median_of_the_run_is_shown_in_steps_of_five() -> None:
    scored(0.5, 0.62, 0.84, 0.9)
    one = compared()[SCORES]

    # the middle of 0.62 and 0.84 is 0.73
    assert one.own == pytest.approx(0.5)
    assert one.median == pytest.approx(0.75)


def test_everybody_in_the_run_sees_the_same_median() -> None:
    scored(0.5, 0.62, 0.84, 0.9)

    # a median of the others alone would tell two learners about each other
    assert compared("ada")[SCORES].median == compared("dan")[SCORES].median


def test_there_must_be_enough_others() -> None:
    scored(0.5, 0.62, 0.84)

    assert SCORES not in compared()


def test_a_value_that_everybody_has_is_hidden() -> None:
    scored(0.8, 0.8, 0.8, 0.8)

    assert SCORES not in compared()


def test_without_an_own_value_there_is_nothing_to_compare() -> None:
    enrolled("eve")
    scored(0.5, 0.62, 0.84, 0.9)

    assert SCORES not in compared("eve")


def test_what_somebody_did_today_does_not_show() -> None:
    scored(0.5, 0.62, 0.84, 0.9)
    before = compared()[SCORES]
    scored(1, 1, 1, 1, at="2026-01-14T08:00:00Z")

    assert compared()[SCORES] == before
    # the means by then are 0.75, 0.81, 0.92 and 0.95, the middle of them is 0.865
    assert compared(at="2026-01-15T00:00:00")[SCORES].median == pytest.approx(0.85)


def test_staff_test_accounts_and_canceled_enrollments_are_no_others() -> None:
    scored(0.5, 0.62, 0.84, 0.9)
    is_of_kind("bo", "test")
    assert SCORES not in compared()

    is_of_kind("bo", "learner")
    assert SCORES in compared()
    did("cleo", "enrollment.withdrawn", "2026-01-09")
    assert SCORES not in compared()


def test_a_test_account_of_four_sees_the_median_of_the_three_learners() -> None:
    scored(0.5, 0.62, 0.84, 0.9)
    is_of_kind("ada", "test")

    assert compared("ada") == {}


def test_progress_and_watching_are_compared_too() -> None:
    did("ada", "module.completed", "2026-01-08", module="m1")
    for name, seconds in (("ada", 600), ("bo", 300), ("cleo", 60), ("dan", 120)):
        data = {"segments": [[0, seconds]], "duration": 600}
        did(name, "video.watched", "2026-01-06", object="intro", module="m1", data=data)
    found = compared()

    # module 1 fell due: Ada did it, the others did not
    assert (found["Progress velocity"].own, found["Progress velocity"].median) == (1, 0)
    # the middle of 20% and 50%
    assert found["Video watch"].median == pytest.approx(0.35)


def test_each_run_is_compared_with_itself() -> None:
    school("sql")
    for name in ("ada", "bo", "cleo", "dan"):
        did(name, "enrollment.started", "2026-01-05T00:00:00Z", course="sql")
    for name, score in (("ada", 0.1), ("bo", 0.2), ("cleo", 0.3), ("dan", 0.4)):
        graded(name, score, "2026-01-08", object="quiz")
        graded(name, score * 2, "2026-01-08", object="sql quiz", course="sql")
    by_course = {one.title: one.comparisons for one in page_of(now=NOW).courses}

    assert Learner.objects.count() == 4
    assert [one.median for one in by_course["Course py"]] == [pytest.approx(0.25)]
    assert [one.median for one in by_course["Course sql"]] == [pytest.approx(0.5)]
