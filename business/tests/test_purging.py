"""Facts of customers stay when their events are purged, and the others can be corrected."""

from __future__ import annotations

from typing import Any

import pytest

from business.models import Payment, SubscriptionChange
from business.tests.shop import SHOP, event, school
from curriculum.models import Learner
from intake.facts.rebuildable import left_as_is
from intake.receiving.receive import receive
from intake.replay import replay_events
from intake.tests.lms import purge

pytestmark = pytest.mark.django_db

USD = {"amount": "250.00", "currency": "USD"}


@pytest.fixture(autouse=True)
def _school() -> None:
    school("py")
    Learner.objects.create(key="ada", name="Ada")


def send(kind: str, key: str, /, at: str = "2026-01-05", **fields: Any) -> str:
    """Send an event of Ada; return the code of its rejection, or its status."""
    (outcome,) = receive([{**event(kind, at, "ada", **fields), "id": key}], SHOP)
    return outcome.code or outcome.status


def correct(kind: str, key: str) -> str:
    (outcome,) = receive([{"kind": kind, "id": key, "correction": "retract"}], SHOP)
    return outcome.code or outcome.status


def test_a_purged_payment_stays_after_a_replay() -> None:
    send("payment.received", "e1", **USD)
    send("payment.received", "e2", **USD)
    purge(["e1"])
    replay_events()

    assert Payment.objects.count() == 2
    assert left_as_is().other_facts == 1


def test_only_the_payment_that_was_purged_cannot_be_corrected() -> None:
    send("payment.received", "e1", payment="p1", **USD)
    send("payment.received", "e2", payment="p1", **USD)
    send("payment.received", "e3", payment="p3", **USD)
    purge(["e1"])

    assert correct("payment.received", "e2") == "purged"
    assert correct("payment.received", "e3") == "retracted"
    assert [one.key for one in Payment.objects.all()] == ["p1"]


def test_the_later_changes_of_a_purged_subscription_can_be_corrected() -> None:
    send("subscription.started", "e1", subscription="s1")
    send("subscription.cancelled", "e2", "2026-02-05", subscription="s1")
    purge(["e1"])

    assert correct("subscription.cancelled", "e2") == "retracted"
    assert [one.change for one in SubscriptionChange.objects.all()] == ["started"]


def test_a_purged_referral_stays() -> None:
    send("referral.accepted", "e1", course="py", code="x")
    send("referral.accepted", "e2", course="py", code="x")
    purge(["e1"])
    replay_events()

    assert correct("referral.accepted", "e2") == "purged"
    assert Learner.objects.get().referrals.count() == 1


def test_facts_stay_after_all_events_are_purged() -> None:
    send("invitation.sent", "e1", code="x")
    send("payment.received", "e2", **USD)
    purge(["e1", "e2"])
    replay_events()

    assert Learner.objects.get().invitations.count() == 1
    assert Payment.objects.count() == 1
