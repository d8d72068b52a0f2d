"""What handlers do with their batch: note changes, and defer work to its end."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.db.models import Max

from core import changes
from curriculum.models import Course
from engagement.models import DailyActivity
from intake.event_batch import EventBatch
from intake.models import Event
from intake.replay import replay_events
from intake.tests.lms import event, kind, school, send, statuses
from kpis.models import DataFreshness, StaleDay
from kpis.tests.stale import marked_days

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _school() -> None:
    school()
    StaleDay.objects.all().delete()
    DataFreshness.objects.all().delete()


# the rows need not exist: their days are known
ACTIVITY = DailyActivity.objects.none()


def note(batch: EventBatch) -> None:
    """Note the days of all events, then fail on those with the id "bad"."""
    batch.changes.changed(ACTIVITY, day=((one.course_id, one.occurred_at) for one in batch.events))
    batch.changes.update_freshness("test", batch.events)
    if any(one.key == "bad" for one in batch.events):
        raise ValueError("bad")


def days() -> list[int]:
    return sorted(day.day for day in marked_days())


def lit(key: str, day: int) -> dict[str, object]:
    return event(key, "lamp.lit", at=f"2026-02-{day:02}T09:00:00Z")


def test_noted_days_are_written_once() -> None:
    with kind("lamp.lit", note):
        send(lit("e1", 1), lit("e2", 2), lit("e3", 2))

    assert days() == [1, 2]


def test_what_a_failed_half_noted_is_not_written() -> None:
    with kind("lamp.lit", note):
        outcomes = send(lit("e1", 1), lit("e2", 2), lit("bad", 3), lit("e4", 4))

    assert statuses(outcomes) == ["accepted", "accepted", "rejected", "accepted"]
    assert days() == [1, 2, 4]


def test_what_an_event_that_fails_last_noted_does_not_count_as_fresh() -> None:
    with kind("lamp.lit", note):
        send(lit("e1", 1), lit("bad", 3))
    through = DataFreshness.objects.aggregate(Max("data_through"))["data_through__max"]

    assert through == datetime(2026, 2, 1, 9, tzinfo=UTC)


def test_changes_outside_a_batch_are_written_unless_the_block_fails() -> None:
    course = Course.objects.get().pk

    def mark(day: int, *, fails: bool) -> None:
        with changes.gathered() as gathered:
            gathered.changed(ACTIVITY, day=[(course, date(2026, 2, day))])
            if fails:
                raise ValueError

    mark(1, fails=False)
    with pytest.raises(ValueError):  # noqa: PT011 - it is the one above
        mark(2, fails=True)

    assert days() == [1]


def test_changes_passed_in_are_left_to_the_caller() -> None:
    with changes.gathered() as outer:
        with changes.gathered(outer) as inner:
            inner.changed(ACTIVITY, day=[(None, date(2026, 2, 1))])
        assert inner is outer
        assert days() == []
    assert days() == [1]


def test_events_are_received_and_replayed_without_anybody_who_gathers_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(changes.SLOT, "create", changes.IgnoredChanges)
    with kind("lamp.lit", note):
        assert statuses(send(lit("e1", 1), lit("bad", 2))) == ["accepted", "rejected"]
        replay_events()

    assert days() == []
    assert Event.objects.filter(kind="lamp.lit").count() == 1


def test_deferred_work_runs_once_for_all_kinds_after_their_handlers() -> None:
    calls: list[list[str]] = []

    def work(batch: EventBatch) -> None:
        calls.append(sorted(one.key for one in batch.events))

    def handler(batch: EventBatch) -> None:
        batch.at_end(work, batch.events)
        assert calls == []

    with kind("lamp.lit", handler), kind("lamp.dimmed", handler):
        send(lit("e1", 1), event("e2", "lamp.dimmed"), lit("e3", 1))

    assert calls == [["e1", "e2", "e3"]]


def test_deferred_work_gets_the_batch_and_may_defer_more() -> None:
    calls: list[str] = []

    def last(batch: EventBatch) -> None:
        calls.append("last")
        note(batch)

    def first(batch: EventBatch) -> None:
        calls.append("first")
        batch.at_end(last, batch.events)

    with kind("lamp.lit", lambda batch: batch.at_end(first, batch.events)):
        send(lit("e1", 5))

    assert calls == ["first", "last"]
    assert days() == [5]


def test_deferred_work_that_fails_rejects_its_event_alone() -> None:
    with kind("lamp.lit", lambda batch: batch.at_end(note, batch.events)):
        outcomes = send(lit("e1", 1), lit("bad", 2))

    assert statuses(outcomes) == ["accepted", "rejected"]
    assert days() == [1]


def test_a_batch_has_the_time_of_the_call() -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    seen: list[datetime] = []
    with kind("lamp.lit", lambda batch: seen.append(batch.now)):
        send(lit("e1", 1), now=now)

    assert seen == [now]
