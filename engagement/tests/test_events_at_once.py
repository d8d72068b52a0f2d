"""With several writers at once, everything counts once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections
from django.db.models import Sum

from curriculum.models import Course, Learner, Module
from engagement.models import AssessmentResult, DailyActivity, VideoProgress
from engagement.tests.tables import facts
from intake.api.views import receive_or_retry
from intake.models import Event
from intake.replay import replay_events
from intake.tests.lms import CREATOR, LMS, event, school, sign_up, statuses

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _school() -> None:
    school()


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Run these at the same time, each with its own connection."""
    start = Barrier(len(works))

    def do(work: Callable[[], Any]) -> Any:
        try:
            start.wait(timeout=30)
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(do, works))


def sending(batch: Sequence[Any]) -> Callable[[], list[str]]:
    return lambda: statuses(receive_or_retry(list(batch), LMS))


def interactions() -> int:
    return int(DailyActivity.objects.aggregate(all=Sum("interactions"))["all"] or 0)


def test_a_batch_sent_by_four_writers_at_once_counts_once() -> None:
    batch = [event(f"e{at}", module="m1") for at in range(50)]
    answers = at_once(*[sending(batch if at % 2 else batch[::-1]) for at in range(4)])

    assert sum(answer.count("accepted") for answer in answers) == 50
    assert interactions() == Event.objects.filter(sender="lms").count() == 50


def test_simultaneous_batches_about_one_learner_add_up() -> None:
    batches = [[event(f"{name}{at}") for at in range(25)] for name in "abcd"]
    at_once(*map(sending, batches))

    assert interactions() == 100


def test_simultaneous_grades_and_segments_are_all_kept() -> None:
    def batch(number: int) -> list[dict[str, Any]]:
        at = f"2026-01-1{number}T00:00:00Z"
        span = {"segments": [[10 * number, 10 * number + 10]]}
        return [
            event(f"g{number}", "assessment.graded", at, object="x", value=number / 10),
            event(f"v{number}", "video.watched", at, object="v", data=span),
        ]

    at_once(*[sending(batch(number)) for number in range(4)])

    # the latest grade; four segments of ten seconds
    assert AssessmentResult.objects.get().score == 0.3
    assert VideoProgress.objects.get().watched_seconds == 40


def test_simultaneous_writers_create_the_same_rows_once() -> None:
    def batch(name: str) -> list[dict[str, Any]]:
        start = sign_up("dan", course="go") | {"id": f"s{name}"}
        views = [event(f"{name}{at}", learner="dan", course="go", module=at) for at in "xyz"]
        return [start, *views]

    answers = at_once(*[lambda name=name: receive_or_retry(batch(name), CREATOR) for name in "ab"])

    assert {status for answer in answers for status in statuses(answer)} == {"accepted"}
    assert Course.objects.filter(key="go").count() == Learner.objects.filter(key="dan").count() == 1
    places = Module.objects.filter(course__key="go").values_list("position", flat=True)
    assert sorted(places) == [1, 2, 3]


def test_events_received_during_a_replay_count_once() -> None:
    receive_or_retry([event(f"old{at}", module="m1") for at in range(50)], LMS)
    batches = [[event(f"{name}{at}", module="m2") for at in range(20)] for name in "ab"]
    at_once(replay_events, *map(sending, batches))
    before = facts()

    assert interactions() == 90
    replay_events()
    assert facts() == before
