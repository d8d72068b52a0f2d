"""On PostgreSQL, events are stored by month, and a month goes at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from engagement.models import DailyActivity
from intake import partitions, purging
from intake.models import Event, Horizon, IncompleteHistory
from intake.purging import purge_events
from intake.receiving.receive import receive
from intake.replay import replay_events
from intake.tests.lms import LMS, event, school, send, statuses

pytestmark = pytest.mark.django_db

JANUARY, FEBRUARY, MARCH = (datetime(2026, month, 10, 3, tzinfo=UTC) for month in (1, 2, 3))
in_partitions = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite has no partitions"
)


@pytest.fixture(autouse=True)
def _school() -> None:
    school()


def send_in(month: datetime, *raws: dict[str, Any]) -> None:
    assert set(statuses(receive(raws, LMS, now=month))) == {"accepted"}


def a_year_of_two_months() -> None:
    """Receive events in January and in February, each with a definition of the course."""
    send_in(JANUARY, event("e1"), event("e2"), event("bo1", learner="bo"), event("defined"))
    Event.objects.filter(key="defined").update(kind="course.defined", enrollment=None)
    # what the school sent is as old
    Event.objects.exclude(sender="lms").update(received_at=JANUARY)
    partitions.close_month(FEBRUARY)
    send_in(FEBRUARY, event("e3"), event("bo2", learner="bo"))


def stored() -> dict[str, Any]:
    """Return what a purge leaves."""
    return {
        "events": sorted(Event.objects.values_list("key", flat=True)),
        "incomplete": sorted(
            IncompleteHistory.objects.values_list(
                "enrollment__learner__key", "purged", "last_received_at"
            )
        ),
        "horizon": list(Horizon.objects.values_list("received_before", "first_occurred_at")),
        "facts": sorted(
            DailyActivity.objects.values_list("enrollment__learner__key", "interactions")
        ),
    }


def names() -> list[str]:
    return [one.name for one in partitions.closed()]


@in_partitions
def test_a_month_is_closed_once() -> None:
    a_year_of_two_months()

    assert names() == ["intake_event_until_2026_02"]
    assert partitions.close_month(FEBRUARY + timedelta(days=9)) == ""
    assert partitions.close_month(MARCH) == "intake_event_until_2026_03"
    # nothing has arrived since
    assert partitions.close_month(MARCH + timedelta(days=40)) == ""
    assert [one.first < one.end for one in partitions.closed()] == [True, True]
    assert partitions.closed()[0].end == partitions.closed()[1].first


@in_partitions
def test_a_month_goes_at_once_and_its_definitions_stay() -> None:
    a_year_of_two_months()
    purge_events(FEBRUARY - timedelta(days=1))

    assert names() == []
    assert sorted(Event.objects.values_list("key", flat=True)) == ["bo2", "defined", "e3"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM intake_event_default")
        assert cursor.fetchall() == [("defined",)]


def test_purging_in_partitions_and_in_batches_leaves_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = []
    for closes in (True, False):
        with transaction.atomic():
            monkeypatch.setattr(purging, "BATCH_SIZE", 2)
            if not closes:
                monkeypatch.setattr(partitions, "close_month", lambda now: "")
            a_year_of_two_months()
            purged = purge_events(FEBRUARY - timedelta(days=1))
            found.append((purged, stored()))
            transaction.set_rollback(True)

    assert found[0] == found[1]
    assert found[0][0] == 5
    assert ("ada", 3, JANUARY) in found[0][1]["incomplete"]


@in_partitions
def test_months_are_closed_when_all_earlier_ones_are_gone() -> None:
    a_year_of_two_months()
    purge_events(FEBRUARY - timedelta(days=1))

    assert partitions.close_month(MARCH) == "intake_event_until_2026_03"
    assert purge_events(MARCH) == 2
    assert names() == []
    assert Event.objects.get().key == "defined"


@in_partitions
def test_a_month_with_an_event_at_its_border_waits() -> None:
    a_year_of_two_months()
    # it had an id of January, and arrived after the month was closed
    Event.objects.filter(key="e2").update(received_at=FEBRUARY)
    purge_events(FEBRUARY - timedelta(days=1))

    assert names() == ["intake_event_until_2026_02"]
    assert {"e2", "defined"} <= set(Event.objects.values_list("key", flat=True))
    assert not Event.objects.filter(key="e1").exists()

    purge_events(FEBRUARY + timedelta(days=1))
    assert names() == []


def test_afterwards_duplicates_corrections_and_replays_behave() -> None:
    a_year_of_two_months()
    facts = stored()["facts"]
    purge_events(FEBRUARY - timedelta(days=1))

    assert statuses(send(event("e1"), event("bo1", learner="bo"))) == ["duplicate", "duplicate"]
    (outcome,) = send(event("e3", value=1, correction="replace"))
    assert outcome.code == "purged"
    replay_events()
    assert stored()["facts"] == facts


@in_partitions
def test_new_events_go_into_the_open_partition() -> None:
    a_year_of_two_months()
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM intake_event_open ORDER BY key")
        assert cursor.fetchall() == [("bo2",), ("e3",)]


@in_partitions
@pytest.mark.django_db(transaction=True)
def test_a_month_that_somebody_reads_goes_in_batches_and_is_dropped_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(purging, "TRIES", 1)
    a_year_of_two_months()
    before = FEBRUARY - timedelta(days=1)
    reader = connection.copy()
    try:
        with reader.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT count(*) FROM intake_event")
            assert purge_events(before) == 5
            cursor.execute("ROLLBACK")
    finally:
        reader.close()
    assert names() == ["intake_event_until_2026_02"]

    purge_events(before)
    assert names() == []
    assert sorted(Event.objects.values_list("key", flat=True)) == ["bo2", "defined", "e3"]


@in_partitions
@pytest.mark.django_db(transaction=True)
def test_a_month_is_closed_another_night_if_somebody_writes() -> None:
    send_in(JANUARY, event("e1"))
    writer = connection.copy()
    try:
        with writer.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("UPDATE intake_event SET object = 'x'")
            assert partitions.close_month(FEBRUARY) == ""
            cursor.execute("ROLLBACK")
    finally:
        writer.close()
    assert names() == []


@in_partitions
def test_an_interrupted_purge_leaves_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    a_year_of_two_months()
    before = stored()

    def fail(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(partitions, "empty", fail)
    with pytest.raises(KeyboardInterrupt):
        purge_events(FEBRUARY - timedelta(days=1))
    assert stored() == before


@in_partitions
def test_lookups_by_id_read_one_partition() -> None:
    a_year_of_two_months()
    partitions.close_month(MARCH)
    ids = list(Event.objects.filter(key__in=["e1", "e2"]).values_list("pk", flat=True))
    plan = Event.objects.filter(pk__in=ids).explain()
    assert "until_2026_02" in plan
    assert "until_2026_03" not in plan
