"""A sign-up presumed from a first activity never counts beside an earlier one."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.tests.people import learner
from curriculum.models import Enrollment, Learner
from engagement.tests.tables import facts
from intake import merging
from intake.events.senders import Sender
from intake.models import LearnerAlias
from intake.receiving.receive import receive
from statements.tests.senders import MemoryStore, edx, question
from statements.vocabulary import acrossx

pytestmark = pytest.mark.django_db

API = Sender("lms", creates_unknown=True)
ADA = "ada@example.org"
Act = Callable[[], object]


def says(kind: str, at: str, who: str = ADA) -> Act:
    """By /api/events or a file."""
    event = {"id": f"{kind}-{at}-{who}", "kind": kind, "occurred_at": f"2026-{at}T12:00:00Z"}
    place = {"learner": who, "course": "edX+DemoX", "run": "2026"}
    return lambda: receive([event | place], API)


def answers(lrs: MemoryStore, at: str, who: str = ADA) -> Act:
    """By xAPI, which reports no enrollment."""
    raw = edx(acrossx("evaluated"), question(), result={"score": {"scaled": 1}})
    actor = {"mbox": f"mailto:{who}"}
    raw |= {"id": f"{at}-{who}", "actor": actor, "timestamp": f"2026-{at}T12:00:00Z"}
    return lambda: lrs.take(raw)


def merge() -> merging.Moved:
    bo, ada = (Learner.objects.get(key=key) for key in ("bo@example.org", ADA))
    return merging.merge(bo, ada, by=None, now=timezone.now())


def split() -> merging.Moved:
    return merging.split(LearnerAlias.objects.get(), now=timezone.now())


def enrolled() -> dict[str, tuple[str, bool]]:
    """On which day each learner enrolled, and whether they have withdrawn."""
    rows = Enrollment.objects.values_list("learner__key", "started_at", "withdrawn_at")
    return {who[:3].strip("@"): (f"{start:%m-%d}", end is not None) for who, start, end in rows}


def tried(*acts: Act, then: Act = lambda: None) -> Any:
    with transaction.atomic():
        for act in acts:
            act()
        then()
        found = enrolled(), facts()
        transaction.set_rollback(True)
    return found


def test_a_sign_up_that_is_reported_late_undoes_no_withdrawal() -> None:
    left, signed_up = (
        says("enrollment.withdrawn", "02-01"),
        says("enrollment.started", "01-06"),
    )
    lrs = MemoryStore()
    late = answers(lrs, "02-08")
    orders = [tried(*order) for order in ([signed_up, left, late], [late, signed_up, left])]

    assert [on for on, _ in orders] == [{"ada": ("01-06", True)}] * 2
    assert orders[0] == orders[1]


def test_a_real_return_counts_beside_a_presumed_sign_up() -> None:
    acts = [
        answers(MemoryStore(), "01-06"),
        says("enrollment.withdrawn", "02-01"),
        says("enrollment.started", "02-10"),
    ]

    assert tried(*acts)[0] == {"ada": ("01-06", False)}


def test_two_keys_that_are_merged_late_leave_the_withdrawal() -> None:
    acts = [
        says("enrollment.started", "01-06"),
        says("enrollment.withdrawn", "02-01"),
        answers(MemoryStore(), "02-08", "bo@example.org"),
    ]

    assert tried(*acts, then=merge)[0] == {"ada": ("01-06", True)}


def test_a_split_brings_the_presumed_sign_up_back() -> None:
    bo = answers(MemoryStore(), "02-08", "bo@example.org")
    acts = [says("enrollment.started", "01-06"), bo]
    before = tried(*acts)

    assert tried(*acts, merge, split) == before
    assert before[0]["bo"] == ("02-08", False)


def test_activity_after_a_merge_has_its_sign_up_after_a_split() -> None:
    lrs = MemoryStore()
    learner(ADA)
    learner("bo@example.org")
    acts = [
        says("enrollment.started", "01-06"),
        answers(lrs, "01-08", "bo@example.org"),
        answers(lrs, "01-07", "bo@example.org"),
    ]
    apart = tried(*acts)

    assert tried(merge, *acts, split) == apart
    assert apart[0]["bo"] == ("01-07", False)


def test_whoever_stays_after_a_split_keeps_a_sign_up_of_their_own() -> None:
    lrs = MemoryStore()
    learner(ADA)
    learner("bo@example.org")
    acts = [answers(lrs, "01-06", "bo@example.org"), answers(lrs, "01-08")]

    assert tried(merge, *acts, split) == tried(*acts)


def test_all_orders_of_events_and_of_the_merge_give_the_same_figures() -> None:
    lrs = MemoryStore()
    learner(ADA)
    learner("bo@example.org")
    acts = [
        says("enrollment.started", "01-06"),
        says("enrollment.withdrawn", "02-01"),
        answers(lrs, "02-08", "bo@example.org"),
        merge,
    ]
    # a withdrawal is refused before there is any sign-up
    orders = [one for one in permutations(acts) if one.index(acts[0]) < one.index(acts[1])]
    first, *others = [tried(*one) for one in orders]

    assert all(one == first for one in others)
    assert first[0]["ada"] == ("01-06", True)


def test_a_split_receives_sign_ups_of_all_senders_before_the_activity() -> None:
    lrs = MemoryStore()
    learner(ADA)
    bo = "bo@example.org"
    acts = [
        says("enrollment.started", "01-06", bo),
        answers(lrs, "01-08", bo),
        lambda: receive([_other_course(bo)], Sender("other", creates_unknown=True)),
    ]

    assert tried(*acts, merge, split) == tried(*acts)


def _other_course(who: str) -> dict[str, Any]:
    on = {"learner": who, "course": "py", "occurred_at": "2026-01-05T12:00:00Z"}
    return {"id": "o", "kind": "enrollment.started", "run": "r", **on}
