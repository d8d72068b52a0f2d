"""The components of engagement depth and assessment performance, worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from curriculum.models import Course, Enrollment
from engagement.models import VideoProgress
from engagement.tests.school import by_module, did, enrolled, graded, school, sums

pytestmark = pytest.mark.django_db

VIDEO, INTERACTION, QUIZ = "video-watch", "interaction-rate", "quiz-participation"
SCORES = "assessment-performance"
JANUARY = "2026-01-31"


@pytest.fixture(autouse=True)
def python() -> Course:
    return school()


def watched(who: str, *segments: list[float], at: str = "2026-01-07", **more: Any) -> None:
    data = {"segments": segments, "duration": more.pop("duration", 100)}
    data = {name: value for name, value in data.items() if value is not None}
    did(who, "video.watched", at, object="film", module="m1", data=data, **more)


def test_a_part_watched_twice_counts_once() -> None:
    enrolled("ada")
    watched("ada", [0, 30], [20, 50])
    watched("ada", [40, 60])

    assert sums(VIDEO, JANUARY) == (60, 100)


def test_a_hundred_learners_who_each_watch_one_percent_watch_one_percent(python: Course) -> None:
    enrolled("ada")
    watched("ada", [0, 1])
    first = VideoProgress.objects.get()
    enrolled(*(f"p{i}" for i in range(1, 100)))
    others = Enrollment.objects.exclude(pk=first.enrollment_id)
    VideoProgress.objects.bulk_create(
        VideoProgress(
            enrollment=one,
            video=first.video,
            started_at=first.started_at,
            segments=[[at, at + 1]],
            watched_seconds=1,
        )
        for at, one in enumerate(others, start=1)
    )

    assert sums(VIDEO, JANUARY) == (100, 10_000)


def test_a_video_of_unknown_length_is_left_out() -> None:
    enrolled("ada")
    watched("ada", [0, 30], duration=None)

    assert sums(VIDEO, JANUARY) == (0, 0)


def test_a_play_without_a_stop_is_cut_at_thirty_minutes() -> None:
    enrolled("ada")
    did("ada", "video.played", "2026-01-07", object="film", value=0, data={"duration": 7200})

    assert sums(VIDEO, JANUARY) == (1800, 7200)


def test_watching_counts_where_it_started() -> None:
    enrolled("ada")
    watched("ada", [0, 30], at="2026-01-31")
    watched("ada", [30, 80], at="2026-02-01")

    assert sums(VIDEO, JANUARY) == (80, 100)
    assert sums(VIDEO, "2026-02-01") == (0, 0)


def active_weeks() -> None:
    """Ada reads in her first week and posts in her second; Bo reads in his first."""
    enrolled("ada", "bo")
    did("ada", "content.viewed", "2026-01-06", module="m1")
    did("ada", "discussion.posted", "2026-01-12", module="m2")
    did("bo", "content.viewed", "2026-01-07", module="m1")


def test_interaction_rate_is_the_share_of_productive_weeks() -> None:
    active_weeks()

    assert sums(INTERACTION, JANUARY) == (1, 3)


def test_interaction_rate_by_week_and_by_day() -> None:
    active_weeks()

    assert sums(INTERACTION, "2026-01-06", "week") == (0, 2)
    assert sums(INTERACTION, "2026-01-18", "week") == (1, 1)
    assert sums(INTERACTION, "2026-01-12", "day") == (1, 1)
    assert sums(INTERACTION, "2026-01-06", "day") == (0, 1)
    assert sums(INTERACTION, "2026-01-08", "day") == (0, 0)


def test_interaction_rate_by_module() -> None:
    active_weeks()

    assert by_module(INTERACTION, JANUARY) == {"m1": (0, 2), "m2": (1, 1)}
    assert by_module(INTERACTION, "2026-01-12", "day") == {"m2": (1, 1)}


def test_a_week_belongs_to_the_month_of_its_monday() -> None:
    enrolled("ada")
    did("ada", "note.written", "2026-02-01", module="m1")

    # Sunday, 1 February, is in the week of Monday, 26 January
    assert sums(INTERACTION, JANUARY) == (1, 1)
    assert sums(INTERACTION, "2026-02-01") == (0, 0)


def test_a_module_is_reached_by_a_later_one() -> None:
    enrolled("ada", "bo")
    did("bo", "quiz.attempted", "2026-01-07", object="quiz", module="m1")
    did("ada", "content.viewed", "2026-01-08", module="m2")

    assert sums(QUIZ, JANUARY) == (1, 2)
    assert by_module(QUIZ, JANUARY) == {"m1": (1, 2)}


def test_each_quiz_of_a_module_is_a_pair() -> None:
    enrolled("ada", "bo")
    for quiz in ("quiz", "other"):
        did("ada", "quiz.attempted", "2026-01-07", object=quiz, module="m1")
    did("bo", "quiz.attempted", "2026-01-07", object="quiz", module="m1")
    did("bo", "quiz.attempted", "2026-01-08", object="quiz", module="m1")

    assert sums(QUIZ, JANUARY) == (3, 4)


def test_the_quiz_of_a_waived_module_does_not_count() -> None:
    enrolled("ada", "bo")
    did("bo", "quiz.attempted", "2026-01-07", object="quiz", module="m1")
    did("ada", "module.waived", "2026-01-08", module="m1")

    assert sums(QUIZ, JANUARY) == (1, 1)


def test_the_best_score_of_a_pair_counts() -> None:
    enrolled("ada", "bo")
    graded("ada", 0.6, "2026-01-10")
    graded("ada", 0.8, "2026-01-12", attempt=2)
    graded("ada", 0.7, "2026-01-14", attempt=3)
    graded("bo", 0.5, "2026-01-10")

    assert sums(SCORES, JANUARY) == pytest.approx((1.3, 2))


def test_two_equal_attempts_are_one_pair() -> None:
    enrolled("ada")
    graded("ada", 0.8, "2026-01-10")
    graded("ada", 0.8, "2026-01-12", attempt=2)

    assert sums(SCORES, JANUARY) == (0.8, 1)


def test_attempts_in_two_months_count_in_each_and_the_best_in_the_quarter() -> None:
    enrolled("ada")
    graded("ada", 0.6, "2026-01-10")
    graded("ada", 0.8, "2026-02-12", attempt=2)

    assert sums(SCORES, JANUARY) == (0.6, 1)
    assert sums(SCORES, "2026-02-28") == (0.8, 1)
    assert sums(SCORES, JANUARY, "quarter") == (0.8, 1)


def test_scores_are_scaled_and_broken_down_by_module() -> None:
    enrolled("ada")
    graded("ada", 30, "2026-01-10", data={"max": 40})
    graded("ada", 0.5, "2026-01-12", object="essay", module="m2")

    assert by_module(SCORES, JANUARY) == {"m1": (0.75, 1), "m2": (0.5, 1)}


def test_a_grade_at_midnight_belongs_to_the_new_day() -> None:
    enrolled("ada")
    graded("ada", 0.6, "2026-02-01T00:00:00Z")

    assert sums(SCORES, JANUARY) == (0, 0)
    assert sums(SCORES, "2026-02-01", "day") == (0.6, 1)
