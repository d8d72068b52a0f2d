"""Purged events leave their facts, count once, and cannot be corrected."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from core.changes import gathered
from curriculum.models import Enrollment
from engagement.models import DailyActivity
from intake.events.senders import Sender
from intake.facts.rebuild_facts import rebuild_enrollments
from intake.models import Event, Horizon, ImportRun, IncompleteHistory, Receipt
from intake.purging import purge_events
from intake.receiving.receive import receive
from intake.replay import replay_events
from intake.tests.lms import LMS, event, purge, school, send, sign_up, statuses
from intake.undo_import import UndoError, undo_import

pytestmark = pytest.mark.django_db

OLD = datetime(2026, 1, 10, tzinfo=UTC)
LIMIT = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _school() -> None:
    school()


def send_old(*raws: dict[str, Any]) -> None:
    assert set(statuses(receive(raws, LMS, now=OLD))) == {"accepted"}


def interactions(who: str = "ada") -> int:
    rows = DailyActivity.objects.filter(enrollment__learner__key=who)
    return sum(rows.values_list("interactions", flat=True))


def test_events_received_before_a_moment_are_purged() -> None:
    send_old(event("old"))
    send(event("new"))

    assert purge_events(LIMIT) == 1
    assert list(Event.objects.filter(sender="lms").values_list("key", flat=True)) == ["new"]
    assert set(Receipt.objects.filter(sender="lms").values_list("key", flat=True)) == {"old", "new"}


def test_a_purge_moves_the_horizon_forward_only() -> None:
    send_old(event("e1"), event("e2", at="2026-01-08T09:00:00Z"))
    purge_events(LIMIT)
    send_old(event("e3"))
    purge_events(LIMIT - timedelta(days=1))
    horizon = Horizon.objects.get()

    assert horizon.received_before == LIMIT
    assert horizon.first_occurred_at == datetime(2026, 1, 6, 9, tzinfo=UTC)


def test_definitions_of_courses_are_not_purged() -> None:
    send_old(event("e1"))
    Event.objects.filter(key="e1").update(kind="course.defined")

    assert purge_events(LIMIT) == 0


def test_many_events_are_purged_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("intake.purging.BATCH_SIZE", 2)
    send_old(*(event(f"e{number}") for number in range(5)))
    batches: list[int] = []
    purge_events(LIMIT, progress=batches.append)

    assert batches == [2, 2, 1]
    assert IncompleteHistory.objects.get().purged == 5


def test_a_replay_after_a_purge_keeps_the_facts() -> None:
    send(event("e1"), event("e2"))
    purge(["e1"])
    replay_events()

    assert interactions() == 2


def test_an_event_sent_again_after_its_purge_counts_once() -> None:
    send(event("e1"))
    purge(["e1"])

    assert statuses(send(event("e1"))) == ["duplicate"]
    assert interactions() == 1


def test_new_events_after_a_purge_count_once_after_a_replay() -> None:
    send(event("e1"), event("bo1", learner="bo"))
    purge(["e1"])
    send(event("e2"), event("bo2", learner="bo"))
    replay_events()

    assert (interactions("ada"), interactions("bo")) == (2, 2)


def test_an_enrollment_whose_sign_up_was_purged_stays() -> None:
    send(event("e1"))
    purge(["enrol-ada"])
    replay_events()

    assert interactions() == 1
    assert Enrollment.objects.filter(learner__key="ada").exists()


@pytest.mark.parametrize("how", ["replace", "retract"])
def test_events_beside_a_purged_one_cannot_be_corrected(how: str) -> None:
    send(event("e1"), event("e2"), event("bo1", learner="bo"))
    purge(["e1"])
    outcomes = send(
        event("e2", value=1, correction=how), event("bo1", learner="bo", correction="retract")
    )

    assert [one.code for one in outcomes] == ["purged", ""]
    assert outcomes[0].reason.startswith("correction: other events that led to the same facts")
    assert (interactions("ada"), interactions("bo")) == (2, 0)


def test_a_sign_up_beside_a_purged_event_cannot_be_retracted() -> None:
    send(event("e1"))
    purge(["e1"])
    (outcome,) = send(sign_up(correction="retract"), sender=Sender("registry"))

    assert outcome.code == "purged"
    assert interactions() == 1


def test_an_import_with_purged_events_cannot_be_undone() -> None:
    run = ImportRun.objects.create(
        kind="csv lms", digest="1", status="done", finished_at=timezone.now()
    )
    receive([event("e1"), event("e2")], LMS, import_run=run.pk)
    purge(["e1"])

    with pytest.raises(UndoError, match="Some of its events have been purged"):
        undo_import(run.pk)
    assert interactions() == 2


def test_an_import_beside_purged_events_cannot_be_undone() -> None:
    run = ImportRun.objects.create(
        kind="csv lms", digest="1", status="done", finished_at=timezone.now()
    )
    send(event("e1"))
    receive([event("e2")], LMS, import_run=run.pk)
    purge(["e1"])

    with pytest.raises(UndoError, match="of which other events have been purged"):
        undo_import(run.pk)


def test_a_late_sign_up_moves_no_events_away_from_purged_ones() -> None:
    send(event("e1"), event("e2"))
    purge(["e1"])
    Enrollment.objects.get(learner__key="ada").run.course.runs.create(key="r2")
    send(sign_up(run="r2", at="2026-01-05T12:00:00Z") | {"id": "again"})

    assert interactions() == 2


def test_an_enrollment_with_purged_events_is_not_rebuilt() -> None:
    send(event("e1"), event("e2"))
    purge(["e1"])
    with gathered() as changes:
        ids = Enrollment.objects.values_list("pk", flat=True)
        rebuild_enrollments(ids, now=timezone.now(), changes=changes)

    assert interactions() == 2


def test_the_command_purges_by_age(capsys: pytest.CaptureFixture[str]) -> None:
    send_old(event("old"))
    call_command("purge_events", "--days", "1", verbosity=0)

    assert "Events purged: 1." in capsys.readouterr().out


def test_the_command_needs_a_number_of_days() -> None:
    with pytest.raises(CommandError, match="such as --days 730"):
        call_command("purge_events")


def test_the_replay_says_what_it_leaves(capsys: pytest.CaptureFixture[str]) -> None:
    send(event("e1"))
    purge(["e1"])
    call_command("replay_events", verbosity=0)

    assert capsys.readouterr().out.splitlines() == [
        # two sign-ups
        "Events replayed: 2.",
        "Left as they were, because events of them have been purged: enrollments in py: 1.",
    ]


def test_a_file_that_corrects_a_purged_event_is_explained(tmp_path: Path) -> None:
    send(event("e1", value=1))
    purge(["e1"])
    path = tmp_path / "views.csv"
    path.write_text("id,occurred_at,learner,course,value\ne1,2026-01-06T09:00:00Z,ada,py,2\n")

    args = ("import_csv", "content.viewed", str(path), "--replace", "--sender", "lms")
    out = StringIO()

    with pytest.raises(CommandError):
        call_command(*args, stdout=out, stderr=out)
    assert "Expected: a unique id, or the values that were accepted before." in out.getvalue()
