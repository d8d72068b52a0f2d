"""The same events give the same facts: shuffled, split, repeated or replayed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction

from accounts.tests.people import moment
from business.models import Payment
from business.tests.shop import SHOP, did, school
from business.tests.tables import facts
from curriculum.models import Course
from curriculum.tests.histories import enough
from intake import replay
from intake.models import Event
from intake.purging import purge_events
from intake.receiving.receive import receive
from intake.tests.lms import purge, take_back

pytestmark = pytest.mark.django_db

Raw = dict[str, Any]
Again = Callable[[], object]

ACME = {"key": "acme", "kind": "organisation"}
CUSTOMERS: list[Raw] = [
    *({}, {}),
    {"customer": ACME | {"name": "Acme", "seats": 3}},
    {"customer": ACME | {"seats": 4}},
]
HELD: list[Raw] = [{"subscription": "s1"}, {"subscription": "s2"}]
PAYMENTS: list[Raw] = [{}, {"payment": "p1"}, {"payment": "p2"}]
CODES: list[Raw] = [{"code": "x"}, {"code": "y"}]
ENDS = ("paused", "resumed", "cancelled", "finished")
SEEDS = pytest.mark.parametrize("seed", range(enough(8, 3)))


def story(seed: int, length: int = 40) -> list[Raw]:
    """Events of one day about few people, subscriptions and payments, so that many collide."""
    rng = Random(seed)  # noqa: S311
    acts = [_act(rng) for _ in range(length)]
    found = []
    for number, act in enumerate(acts):
        at = moment("2026-01-05") + timedelta(hours=rng.randrange(24))
        found.append({**act, "id": f"e{number}", "occurred_at": at.isoformat()})
    return found


def _act(rng: Random) -> Raw:
    who = {"learner": rng.choice(["ada", "bo", "cleo"])}
    course = {"course": rng.choice(["py", "sql"])}
    where = rng.choice([course, {}])
    amount = {"amount": rng.choice(["1.00", "2.50"]), "currency": "USD"}
    held, payment, code = rng.choice(HELD), rng.choice(PAYMENTS), rng.choice(CODES)
    customer = rng.choice(CUSTOMERS)
    acts: list[tuple[str, Raw, Raw]] = [
        ("subscription.started", held | customer, who | where),
        (f"subscription.{rng.choice(ENDS)}", held, where),
        ("payment.received", amount | payment | customer, who | where),
        ("payment.received", amount | payment | held, where),
        ("payment.refunded", amount | payment, where),
        ("invitation.sent", code, who | where),
        ("referral.accepted", code, who | course),
        ("enrollment.started", {"referral_code": code["code"]}, who | course),
    ]
    kind, data, fields = rng.choice(acts)
    return {"kind": kind, "data": data, **fields}


def facts_after(
    batches: Sequence[Sequence[Raw]], *, again: Again | None = None, forgets: bool = False
) -> dict[str, Any]:
    """The facts of new courses after these batches; `forgets` deletes the events after each."""
    with transaction.atomic():
        school("py", "sql")
        for batch in batches:
            outcomes = receive(list(batch), SHOP)
            assert {one.status for one in outcomes} <= {"accepted"}, outcomes
            if forgets:
                Event.objects.all().delete()
        if again:
            again()
        found = facts()
        transaction.set_rollback(True)
    return found


@SEEDS
def test_shuffled_and_split_events_give_the_same_facts(seed: int) -> None:
    events, rng = story(seed), Random(seed)  # noqa: S311
    mixed = rng.sample(events, len(events))
    cuts = sorted(rng.sample(range(1, len(mixed)), 6))
    batches = [mixed[a:b] for a, b in zip([0, *cuts], [*cuts, None], strict=True)]

    assert facts_after(batches) == facts_after([events])


@SEEDS
def test_later_events_give_the_same_facts_without_the_old_ones(seed: int) -> None:
    events = story(seed)
    batches = [events[20:], events[:20]]

    assert facts_after(batches, forgets=True) == facts_after(batches)


@SEEDS
def test_replayed_events_give_the_same_facts(seed: int) -> None:
    events = story(seed)

    assert facts_after([events], again=replay.replay_events) == facts_after([events])


@SEEDS
def test_a_replay_keeps_the_facts_of_purged_events(seed: int) -> None:
    events = story(seed)

    def purge_replay_and_resend() -> None:
        purge({one["id"] for one in events[::3]})
        replay.replay_events()
        assert {one.status for one in receive(events, SHOP)} == {"duplicate"}

    assert facts_after([events], again=purge_replay_and_resend) == facts_after([events])


@SEEDS
def test_events_after_a_purge_give_the_same_facts(seed: int) -> None:
    events = story(seed)

    def purge_receive_and_replay() -> None:
        purge_events(moment("2100-01-01"))
        receive(events[20:], SHOP)
        replay.replay_events()

    assert facts_after([events[:20]], again=purge_receive_and_replay) == facts_after([events])


@SEEDS
def test_deleted_events_leave_no_facts_after_a_rebuild(seed: int) -> None:
    events = story(seed)
    gone = {one["id"] for one in events[::3] if one["kind"] != "enrollment.started"}
    left = [one for one in events if one["id"] not in gone]

    assert without_customers(facts_after([events], again=partial(take_back, gone))) == (
        without_customers(facts_after([left]))
    )


def without_customers(found: dict[str, Any]) -> dict[str, Any]:
    """The facts without customers, who stay after their events are deleted."""
    return {name: rows for name, rows in found.items() if name != "Customer"}


@SEEDS
def test_replaying_a_single_course_changes_nothing(seed: int) -> None:
    school("py", "sql")
    receive(story(seed), SHOP)
    before = facts()
    replay.replay_events(Course.objects.filter(key="py"))

    assert facts() == before


def test_the_command_replays_events_without_a_course(capsys: pytest.CaptureFixture[str]) -> None:
    did("payment.received", "2026-01-05", amount="250.00", currency="USD")
    Payment.objects.all().delete()
    call_command("replay_events", verbosity=0)

    assert "Events replayed: 1." in capsys.readouterr().out
    assert Payment.objects.count() == 1


def test_the_same_batch_twice_changes_nothing() -> None:
    school("py", "sql")
    receive(story(0), SHOP)
    before = facts()

    assert {one.status for one in receive(story(0), SHOP)} == {"duplicate"}
    assert facts() == before
