from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engagement.facts import watched_segments
from engagement.models import PlayerEvent, VideoProgress
from engagement.tests.facts import accept, stale_january_days
from intake.tests.lms import event, school
from kpis.models import StaleDay

pytestmark = pytest.mark.django_db

NINE = datetime(2026, 1, 6, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _school() -> None:
    school()


def watched(key: str, *spans: tuple[float, float], who: str = "ada", **data: Any) -> dict[str, Any]:
    data = {"segments": [list(span) for span in spans], **data}
    return event(key, "video.watched", learner=who, object="v", module="m1", data=data)


def player_event(kind: str, second: int, position: float, **data: Any) -> dict[str, Any]:
    """A player event so many seconds after nine o'clock."""
    at = (NINE + timedelta(seconds=second)).isoformat()
    name = f"video.{kind}"
    return event(f"{kind}{second}", name, at=at, object="v", value=position, data=data)


def watched_seconds(who: str = "ada") -> float:
    return VideoProgress.objects.get(enrollment__learner__key=who).watched_seconds


def test_overlapping_segments_count_once() -> None:
    accept(watched("e1", (0, 60), (30, 90)))
    accept(watched("e2", (80, 100), (200, 210)))

    # 0 to 100 and 200 to 210
    assert watched_seconds() == 110


def test_segments_are_merged_per_learner() -> None:
    accept(watched("e1", (0, 50)), watched("e2", (50, 100), who="bo"))

    assert (watched_seconds("ada"), watched_seconds("bo")) == (50, 50)


def test_seconds_beyond_the_duration_do_not_count() -> None:
    accept(watched("e1", (90, 130), duration=100))

    assert watched_seconds() == 10


@pytest.mark.parametrize("seconds", [50, 500])
def test_a_new_duration_marks_the_days_of_all_who_watched_the_video(seconds: int) -> None:
    accept(watched("e1", (0, seconds)) | {"occurred_at": "2026-01-07T09:00:00Z"})
    accept(watched("e2", (0, 10), who="bo") | {"occurred_at": "2026-01-16T09:00:00Z"})
    StaleDay.objects.all().delete()

    # the same segments again, now with the duration
    accept(watched("e3", (0, 10), who="bo", duration=100) | {"occurred_at": "2026-01-16T09:00:00Z"})

    # Ada watched 50 seconds of 100 now, or 100 instead of 500; Bo was active on the 16th
    assert {7, 16} <= set(stale_january_days())
    StaleDay.objects.all().delete()

    # nothing is new about the duration
    accept(watched("e4", (0, 10), who="bo", duration=100) | {"occurred_at": "2026-01-16T09:00:00Z"})
    assert 7 not in stale_january_days()


def test_a_duration_reported_late_cuts_earlier_segments() -> None:
    accept(watched("e1", (0, 500)))
    accept(watched("e2", (0, 10), who="bo", duration=100))

    assert (watched_seconds("ada"), watched_seconds("bo")) == (100, 10)


@pytest.mark.parametrize("order", [("early", "late"), ("late", "early")])
def test_the_earliest_reported_duration_wins(order: tuple[str, str]) -> None:
    lengths = {"early": 100, "late": 200}
    for name in order:
        day = 6 + (name == "late")
        accept(watched(name, (0, 500), duration=lengths[name]) | {"occurred_at": _on(day)})

    assert watched_seconds() == 100


def _on(day: int) -> str:
    return f"2026-01-{day:02}T09:00:00Z"


def test_segments_with_fractions_of_seconds_touch() -> None:
    third = 1 / 3
    accept(watched("e1", (0, third), (third, 2 * third), (2 * third, 1)))

    assert watched_seconds() == pytest.approx(1)
    assert VideoProgress.objects.get().segments == [[0, 1]]


def test_the_time_between_play_and_pause_is_watched() -> None:
    accept(player_event("played", 0, 0), player_event("paused", 30, 30))

    assert watched_seconds() == 30


def test_seeking_forward_skips_the_part_between() -> None:
    accept(
        player_event("played", 0, 0),
        player_event("paused", 30, 30),
        player_event("played", 31, 100),
    )
    accept(player_event("paused", 41, 110))

    # 0 to 30 and 100 to 110
    assert watched_seconds() == 40


def test_seeking_backward_adds_nothing() -> None:
    accept(
        player_event("played", 0, 0), player_event("paused", 30, 30), player_event("played", 31, 10)
    )
    accept(player_event("paused", 41, 20))

    assert watched_seconds() == 30


def test_a_play_without_a_stop_counts_at_most_half_an_hour() -> None:
    accept(player_event("played", 0, 0))

    assert watched_seconds() == 1800


def test_a_play_without_a_stop_ends_with_the_video() -> None:
    accept(player_event("played", 0, 30, duration=100))

    assert watched_seconds() == 70


def test_a_play_after_a_play_ends_the_first() -> None:
    accept(
        player_event("played", 0, 0),
        player_event("played", 20, 500),
        player_event("paused", 25, 505),
    )

    assert watched_seconds() == 25


def test_a_play_that_stops_at_once_counts_nothing() -> None:
    accept(player_event("played", 0, 0, duration=100), player_event("paused", 0, 0))

    assert watched_seconds() == 0


def test_a_jump_within_one_second_is_a_stop_and_a_play() -> None:
    accept(
        player_event("played", 0, 0),
        player_event("paused", 10, 10),
        player_event("played", 10, 500),
    )
    accept(player_event("paused", 15, 505))

    # 0 to 10 and 500 to 505
    assert watched_seconds() == 15


def test_a_play_counts_at_most_at_double_speed() -> None:
    accept(player_event("played", 0, 0, duration=1_000), player_event("paused", 10, 900))

    assert watched_seconds() == 20


def test_double_speed_counts_in_full() -> None:
    accept(player_event("played", 0, 0), player_event("paused", 60, 120))

    assert watched_seconds() == 120


def test_a_stop_days_later_counts_at_most_half_an_hour() -> None:
    accept(player_event("played", 0, 0, duration=9_000), player_event("paused", 3 * 86_400, 9_000))

    assert watched_seconds() == 1_800


def test_a_lecture_watched_to_its_end_counts_in_full() -> None:
    accept(player_event("played", 0, 0, duration=5_400), player_event("paused", 5_500, 5_400))

    assert watched_seconds() == 5_400


def test_player_events_can_arrive_in_any_order() -> None:
    accept(player_event("paused", 30, 30))
    assert watched_seconds() == 0

    accept(player_event("played", 31, 100, duration=300))
    accept(player_event("paused", 41, 110))
    accept(player_event("played", 0, 0))

    assert watched_seconds() == 40


@pytest.mark.parametrize("positions", [(5, 9), (9, 5)])
def test_the_earlier_of_two_positions_at_one_moment_wins(
    positions: tuple[float, float],
) -> None:
    for number, position in enumerate(positions):
        accept(player_event("played", 0, position) | {"id": str(number)})

    assert PlayerEvent.objects.get().position == 5


def test_segments_and_player_events_are_merged() -> None:
    accept(player_event("played", 0, 0), player_event("paused", 30, 30), watched("e1", (20, 50)))

    assert watched_seconds() == 50


def test_negative_and_reversed_segments_count_nothing() -> None:
    assert watched_segments.union([(-5, 3), (9, 7)]) == [(0, 3)]
