from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engagement.facts import watched_segments
from engagement.models import PlayerEvent, VideoProgress
from engagement.tests.facts import tell
from intake.tests.lms import event, school

pytestmark = pytest.mark.django_db

NINE = datetime(2026, 1, 6, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _school() -> None:
    school()


def watched(key: str, *spans: tuple[float, float], who: str = "ada", **data: Any) -> dict[str, Any]:
    data = {"segments": [list(span) for span in spans], **data}
    return event(key, "video.watched", learner=who, object="v", module="m1", data=data)


def mark(kind: str, second: int, position: float, **data: Any) -> dict[str, Any]:
    """A player's mark so many seconds after nine o'clock."""
    at = (NINE + timedelta(seconds=second)).isoformat()
    name = f"video.{kind}"
    return event(f"{kind}{second}", name, at=at, object="v", value=position, data=data)


def seen(who: str = "ada") -> float:
    return VideoProgress.objects.get(enrollment__learner__key=who).watched_seconds


def test_what_is_seen_twice_counts_once() -> None:
    tell(watched("e1", (0, 60), (30, 90)))
    tell(watched("e2", (80, 100), (200, 210)))

    # 0 to 100 and 200 to 210
    assert seen() == 110


def test_each_learner_has_their_own_union() -> None:
    tell(watched("e1", (0, 50)), watched("e2", (50, 100), who="bo"))

    assert (seen("ada"), seen("bo")) == (50, 50)


def test_seconds_beyond_the_duration_do_not_count() -> None:
    tell(watched("e1", (90, 130), duration=100))

    assert seen() == 10


def test_a_duration_learnt_late_cuts_what_others_saw_before() -> None:
    tell(watched("e1", (0, 500)))
    tell(watched("e2", (0, 10), who="bo", duration=100))

    assert (seen("ada"), seen("bo")) == (100, 10)


@pytest.mark.parametrize("order", [("early", "late"), ("late", "early")])
def test_of_two_durations_the_one_said_of_the_earlier_moment_stands(order: tuple[str, str]) -> None:
    lengths = {"early": 100, "late": 200}
    for name in order:
        day = 6 + (name == "late")
        tell(watched(name, (0, 500), duration=lengths[name]) | {"occurred_at": _on(day)})

    assert seen() == 100


def _on(day: int) -> str:
    return f"2026-01-{day:02}T09:00:00Z"


def test_thirds_of_seconds_meet() -> None:
    third = 1 / 3
    tell(watched("e1", (0, third), (third, 2 * third), (2 * third, 1)))

    assert seen() == pytest.approx(1)
    assert VideoProgress.objects.get().segments == [[0, 1]]


def test_from_play_to_pause_is_seen() -> None:
    tell(mark("played", 0, 0), mark("paused", 30, 30))

    assert seen() == 30


def test_a_seek_skips_what_lies_between() -> None:
    tell(mark("played", 0, 0), mark("paused", 30, 30), mark("played", 31, 100))
    tell(mark("paused", 41, 110))

    # 0 to 30 and 100 to 110
    assert seen() == 40


def test_a_seek_backwards_sees_nothing_new() -> None:
    tell(mark("played", 0, 0), mark("paused", 30, 30), mark("played", 31, 10))
    tell(mark("paused", 41, 20))

    assert seen() == 30


def test_a_play_without_a_stop_counts_half_an_hour_at_most() -> None:
    tell(mark("played", 0, 0))

    assert seen() == 1800


def test_a_play_without_a_stop_ends_with_the_video() -> None:
    tell(mark("played", 0, 30, duration=100))

    assert seen() == 70


def test_a_play_after_a_play_ends_the_first() -> None:
    tell(mark("played", 0, 0), mark("played", 20, 500), mark("paused", 25, 505))

    assert seen() == 25


def test_a_play_that_stops_at_once_sees_nothing() -> None:
    tell(mark("played", 0, 0, duration=100), mark("paused", 0, 0))

    assert seen() == 0


def test_a_jump_within_one_second_is_a_stop_and_a_play() -> None:
    tell(mark("played", 0, 0), mark("paused", 10, 10), mark("played", 10, 500))
    tell(mark("paused", 15, 505))

    # 0 to 10 and 500 to 505
    assert seen() == 15


def test_a_stop_that_the_clock_makes_impossible_counts_at_double_speed() -> None:
    tell(mark("played", 0, 0, duration=1_000), mark("paused", 10, 900))

    assert seen() == 20


def test_double_speed_counts_in_full() -> None:
    tell(mark("played", 0, 0), mark("paused", 60, 120))

    assert seen() == 120


def test_a_stop_days_later_counts_half_an_hour_at_most() -> None:
    tell(mark("played", 0, 0, duration=9_000), mark("paused", 3 * 86_400, 9_000))

    assert seen() == 1_800


def test_a_lecture_watched_to_its_end_counts_in_full() -> None:
    tell(mark("played", 0, 0, duration=5_400), mark("paused", 5_500, 5_400))

    assert seen() == 5_400


def test_marks_may_come_in_any_order() -> None:
    tell(mark("paused", 30, 30))
    assert seen() == 0

    tell(mark("played", 31, 100, duration=300))
    tell(mark("paused", 41, 110))
    tell(mark("played", 0, 0))

    assert seen() == 40


@pytest.mark.parametrize("positions", [(5, 9), (9, 5)])
def test_of_two_marks_at_one_moment_the_earlier_position_stands(
    positions: tuple[float, float],
) -> None:
    for number, position in enumerate(positions):
        tell(mark("played", 0, position) | {"id": str(number)})

    assert PlayerEvent.objects.get().position == 5


def test_segments_and_marks_meet_in_one_union() -> None:
    tell(mark("played", 0, 0), mark("paused", 30, 30), watched("e1", (20, 50)))

    assert seen() == 50


def test_nothing_is_seen_before_the_start_or_backwards() -> None:
    assert watched_segments.union([(-5, 3), (9, 7)]) == [(0, 3)]
