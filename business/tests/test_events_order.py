"""The same events give the same facts, however they come: shuffled, split, twice or replayed."""

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
from intake.receiving.receive import receive
from intake.tests.lms import take_back

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
    """What happens within a day to few people, subscriptions and payments, so that much meets."""
    dice = Random(seed)  # noqa: S311
    acts = [_act(dice) for _ in range(length)]
    found = []
    for number, act in enumerate(acts):
        at = moment("2026-01-05") + timedelta(hours=dice.randrange(24))
        found.append({**act, "id": f"e{number}", "occurred_at": at.isoformat()})
    return found


def _act(dice: Random) -> Raw:
    who = {"learner": dice.choice(["ada", "bo", "cleo"])}
    course = {"course": dice.choice(["py", "sql"])}
    where = dice.choice([course, {}])
    amount = {"amount": dice.choice(["1.00", "2.50"]), "currency": "USD"}
    held, payment, code = dice.choice(HELD), dice.choice(PAYMENTS), dice.choice(CODES)
    customer = dice.choice(CUSTOMERS)
    acts: list[tuple[str, Raw, Raw]] = [
        ("subscription.started", held | customer, who | where),
        (f"subscription.{dice.choice(ENDS)}", held, where),
        ("payment.received", amount | payment | customer, who | where),
        ("payment.received", amount | payment | held, where),
        ("payment.refunded", amount | payment, where),
        ("invitation.sent", code, who | where),
        ("referral.accepted", code, who | course),
        ("enrollment.started", {"referral_code": code["code"]}, who | course),
    ]
    kind, data, fields = dice.choice(acts)
    return {"kind": kind, "data": data, **fields}


def told(batches: Sequence[Sequence[Raw]], *, again: Again | None = None) -> dict[str, Any]:
    """The facts of a school to which just these batches were told."""
    with transaction.atomic():
        school("py", "sql")
        for batch in batches:
            outcomes = receive(list(batch), SHOP)
            assert {one.status for one in outcomes} <= {"accepted"}, outcomes
        if again:
            again()
        found = facts()
        transaction.set_rollback(True)
    return found


@SEEDS
def test_shuffled_and_split_events_give_the_same_facts(seed: int) -> None:
    events, dice = story(seed), Random(seed)  # noqa: S311
    mixed = dice.sample(events, len(events))
    cuts = sorted(dice.sample(range(1, len(mixed)), 6))
    batches = [mixed[a:b] for a, b in zip([0, *cuts], [*cuts, None], strict=True)]

    assert told(batches) == told([events])


@SEEDS
def test_replayed_events_give_the_same_facts(seed: int) -> None:
    events = story(seed)

    assert told([events], again=replay.replay_events) == told([events])


@SEEDS
def test_what_is_deleted_and_rebuilt_was_never_there(seed: int) -> None:
    events = story(seed)
    gone = {one["id"] for one in events[::3] if one["kind"] != "enrollment.started"}
    left = [one for one in events if one["id"] not in gone]

    assert without_customers(told([events], again=partial(take_back, gone))) == (
        without_customers(told([left]))
    )


def without_customers(found: dict[str, Any]) -> dict[str, Any]:
    """Who bought once stays known."""
    return {name: rows for name, rows in found.items() if name != "Customer"}


@SEEDS
def test_replaying_one_course_alone_changes_nothing(seed: int) -> None:
    school("py", "sql")
    receive(story(seed), SHOP)
    before = facts()
    replay.replay_events(Course.objects.filter(key="py"))

    assert facts() == before


def test_the_command_replays_what_is_of_no_course(capsys: pytest.CaptureFixture[str]) -> None:
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
