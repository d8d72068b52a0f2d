"""Erasing finds a person however they are spelled, and under what they were called once."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import models

from accounts.models import User
from business.models import Invitation
from curriculum.erasing import erase
from curriculum.models import Course, CourseRun, Learner
from intake.events.senders import Sender
from intake.models import Event, Receipt, RejectedEvent
from intake.receiving.receive import receive
from intake.replay import replay_events
from notifications.models import Notification

pytestmark = pytest.mark.django_db

SENDER = Sender("lms", creates_unknown=True, scopes=frozenset())
ADA = "ada@example.com"


@pytest.fixture
def ada() -> Learner:
    account = User.objects.create_user(ADA, name="Ada Lovelace")
    CourseRun.objects.create(course=Course.objects.create(key="py", title="Python"), key="spring")
    Learner.objects.create(key="bo")
    return Learner.objects.create(key=ADA, name="Ada Lovelace", email=ADA, user=account)


def send(learner: str, **fields: object) -> None:
    event = {"learner": learner, "course": "py", "occurred_at": "2026-01-12T09:30:00Z", **fields}
    receive([event], SENDER)


def history(row: models.Model, called: str, message: str = "") -> None:
    LogEntry.objects.create(
        user=User.objects.get_or_create(email="staff@example.com")[0],
        content_type=ContentType.objects.get_for_model(row),
        object_id=str(row.pk),
        object_repr=called,
        change_message=message,
        action_flag=2,
    )


@pytest.mark.parametrize("key", ["view_ada@example.com_1", "view-ADA%40example.com-1"])
def test_an_id_that_spells_the_address_otherwise_is_hidden(ada: Learner, key: str) -> None:
    send(ADA, id="0", kind="enrollment.started")
    send(ADA, id=key, kind="content.viewed")
    erase(ada)

    assert not Receipt.objects.filter(key=key).exists()
    assert Receipt.objects.filter(is_erased=True).count() == 1


def test_a_rejected_event_that_joins_the_name_by_underscores_is_deleted(ada: Learner) -> None:
    send("bo", id="1", kind="content.viewed", object="ada_lovelace_ada@example.com_notes")
    assert RejectedEvent.objects.exists()
    erase(ada)

    assert not RejectedEvent.objects.exists()


def test_the_address_of_somebody_else_that_contains_theirs_is_kept(ada: Learner) -> None:
    Notification.objects.create(to="bada@example.com", key="1", payload={"to": "bada@example.com"})
    erase(ada)

    assert Notification.objects.get().payload == {"to": "bada@example.com"}


def test_a_notification_to_another_spelling_of_the_address_is_deleted(ada: Learner) -> None:
    Notification.objects.create(to="Ada@Example.com", key="1")
    erase(ada)

    assert not Notification.objects.exists()


def test_the_history_of_the_learner_is_cleared_whatever_they_were_called(ada: Learner) -> None:
    assert ada.user
    history(ada, "Ada Byron", "Added enrollment “Ada Byron in Python”.")
    history(ada.user, "ada@home.example")
    erase(ada)

    assert set(LogEntry.objects.values_list("object_repr", "change_message")) == {("", "")}


def test_former_names_and_addresses_are_erased_everywhere(ada: Learner) -> None:
    assert ada.user
    history(ada, "Ada Byron")
    history(ada.user, "ada@home.example")
    Notification.objects.create(to="bo@example.com", key="1", payload={"text": "Ask Ada Byron"})
    Notification.objects.create(to="ada@home.example", key="2")
    erase(ada)

    assert Notification.objects.get().payload == {"text": "Ask […]"}


def test_a_former_key_that_is_a_number_means_nothing_elsewhere(ada: Learner) -> None:
    history(ada, "17")
    send("bo", id="1", kind="content.viewed", object="page 17", run="17")
    before = RejectedEvent.objects.count(), Event.objects.count()
    erase(ada)

    assert (RejectedEvent.objects.count(), Event.objects.count()) == before


def test_events_of_others_whose_kind_nobody_knows_do_not_name_the_person(ada: Learner) -> None:
    told = {"to": [ADA], "text": "Hi Ada Lovelace"}
    send("bo", id="1", kind="forum.replied", object=f"to/{ADA}", data=told)
    erase(ada)
    event = Event.objects.get(learner="bo")

    assert (event.object, event.data) == ("to/[…]", {"to": ["[…]"], "text": "Hi […]"})


def test_ids_of_events_of_others_do_not_name_the_person(ada: Learner) -> None:
    send("bo", id="0", kind="enrollment.started")
    send("bo", id=f"to {ADA}", kind="invitation.sent")
    erase(ada)
    invited = Invitation.objects.get().key

    assert invited.startswith("erased-")
    assert {invited, "0"} == {*Event.objects.values_list("key", flat=True)}
    replay_events()
    assert Invitation.objects.get().key == invited


def test_an_event_whose_id_was_hidden_is_still_known(ada: Learner) -> None:
    event = {"id": f"to {ADA}", "kind": "invitation.sent", "learner": "bo", "course": "py"}
    sent = [{"occurred_at": "2026-01-12T09:30:00Z", **event}]
    receive(sent, SENDER)
    erase(ada)

    assert [one.status for one in receive(sent, SENDER)] == ["duplicate"]
