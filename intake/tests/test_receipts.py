"""What is promised about events that have been purged."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from curriculum.models import Module
from intake.events.envelope import Envelope, open_event
from intake.events.receipts import digest_of_envelope
from intake.models import Event, Receipt, RejectedEvent
from intake.tests.lms import LMS, event, school, send, sign_up, statuses

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _school() -> None:
    school()


def digest(**fields: Any) -> int:
    envelope = open_event(event(**fields), now=NOW)
    assert isinstance(envelope, Envelope)
    return digest_of_envelope(envelope, envelope.data, envelope.run)


def lose_events() -> None:
    Event.objects.all().delete()


def test_a_receipt_has_the_id_of_its_event() -> None:
    send(event())

    assert Receipt.objects.get(sender="lms").pk == Event.objects.get(sender="lms").pk


def test_a_purged_event_is_still_a_duplicate() -> None:
    send(event(value=60, data={}))
    lose_events()

    assert statuses(send(event(value=60.0, at="2026-01-06T10:00:00+01:00"))) == ["duplicate"]
    assert not Event.objects.exists()


def test_another_event_with_the_id_of_a_purged_one_is_a_conflict() -> None:
    send(event(value=80))
    lose_events()
    (outcome,) = send(event(value=95))

    assert (outcome.status, outcome.code, outcome.field) == ("conflict", "conflict", "id")
    assert "its content has been purged" in outcome.reason
    assert RejectedEvent.objects.open().get().code == "conflict"


@pytest.mark.parametrize("how", ["replace", "retract"])
def test_a_purged_event_cannot_be_corrected(how: str) -> None:
    send(event(value=80))
    lose_events()
    (outcome,) = send(event(value=95, correction=how))

    assert (outcome.status, outcome.code, outcome.field) == ("rejected", "purged", "correction")


def test_a_replaced_event_is_known_by_its_new_content() -> None:
    send(event(value=80))
    send(event(value=95, correction="replace"))
    lose_events()

    assert statuses(send(event(value=95), event(value=80))) == ["duplicate", "conflict"]


def test_a_retracted_event_leaves_no_receipt() -> None:
    send(event())
    send(event(correction="retract"))

    assert statuses(send(event())) == ["accepted"]


@pytest.mark.parametrize(("run", "status"), [(None, "duplicate"), ("r1", "duplicate")])
def test_a_purged_sign_up_is_a_duplicate_with_or_without_its_run(
    run: str | None, status: str
) -> None:
    send(sign_up())
    lose_events()

    assert statuses(send(sign_up(run=run))) == [status]


def test_a_purged_sign_up_for_another_run_is_a_conflict() -> None:
    send(sign_up())
    lose_events()

    assert statuses(send(sign_up(run="r2"))) == ["conflict"]


def test_data_count_as_they_were_stored() -> None:
    watched = {"kind": "video.watched", "object": "intro"}
    send(event(**watched, data={"segments": [[0, 60]], "duration": 60}))
    lose_events()

    assert statuses(send(event(**watched, data={"segments": [[0, 60.0]], "duration": 60}))) == [
        "duplicate"
    ]


def test_receipts_of_a_deleted_course_go_with_it() -> None:
    send(event())
    Event.objects.filter(sender=LMS.name).get().course.delete()  # type: ignore[union-attr]

    assert not Receipt.objects.exists()


def test_events_of_a_deleted_module_may_be_sent_again() -> None:
    send(event(module="m1"))
    module = Module.objects.get(key="m1")
    module.delete()
    module.course.modules.create(key="m1", title="M1", position=9)

    assert statuses(send(event(module="m1"))) == ["accepted"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"value": 60}, {"value": 60.0}),
        ({"value": 0.0}, {"value": -0.0}),
        ({"at": "2026-01-06T09:00:00Z"}, {"at": "2026-01-06T10:00:00.000+01:00"}),
        ({"data": {"a": 1, "b": [1e3, {"c": 2}]}}, {"data": {"b": [1000, {"c": 2.0}], "a": 1.0}}),
        ({"data": {"a": None}}, {"data": {}}),
        ({"learner": " Ada@Example.com "}, {"learner": "ada@example.com"}),
    ],
)
def test_equal_contents_have_equal_digests(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert digest(**one) == digest(**other)


@pytest.mark.parametrize(
    "other",
    [
        {"value": 0},
        {"value": 1},
        {"at": "2026-01-06T09:00:00.000001Z"},
        {"learner": "bo"},
        {"module": "m1"},
        {"object": "m1"},
        {"run": "m1"},
        {"data": {"a": ""}},
        {"data": {"a": [None]}},
    ],
)
def test_different_contents_have_different_digests(other: dict[str, Any]) -> None:
    assert digest(**other) != digest()


def test_digests_stay_the_same_in_later_versions() -> None:
    assert digest(value=1.5, data={"ä": [1, "x"], "b": 0.1}) == -5346406756956407582


def test_the_migration_gives_a_receipt_for_every_stored_event() -> None:
    send(event(value=80), event("e2", kind="lamp.lit"))
    before = list(Receipt.objects.values())
    Receipt.objects.all().delete()
    migration = import_module("intake.migrations.0003_fill_receipts")
    migration.fill(apps, SimpleNamespace(connection=connection))

    assert list(Receipt.objects.values()) == before
    assert statuses(send(event(value=80), event("e3"))) == ["duplicate", "accepted"]
