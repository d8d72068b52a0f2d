"""What no platform is without: kinds nobody knows here, and events that are wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from demo.event_factory import Raw
from demo.world.seeded_random import seeded_random

UNKNOWN_KINDS = ("badge.viewed", "profile.updated", "calendar.synced")
UNKNOWN_EVERY = 1_900  # events
WRONG_EVERY = 6_100


def with_bad_events(events: Sequence[Raw], seed: int) -> list[Raw]:
    """The events with a few more among them that are kept as unmapped or refused."""
    return [one for event in _numbered(events, seed) for one in event]


def _numbered(events: Sequence[Raw], seed: int) -> Iterator[list[Raw]]:
    chance = seeded_random(seed, "oddities")
    for count, event in enumerate(events, start=1):
        some = [event]
        if count % UNKNOWN_EVERY == 0:
            some.append(_unknown(event, chance.choice(UNKNOWN_KINDS)))
        if count % WRONG_EVERY == 0:
            some.append(chance.choice(WRONG)(event) | {"id": f"{event['id']}-wrong"})
        yield some


def _unknown(event: Raw, kind: str) -> Raw:
    names = ("occurred_at", "learner", "course", "run")
    kept = {name: event[name] for name in names if name in event}
    return kept | {"id": f"{event['id']}-{kind}", "kind": kind}


def _of_a_stranger(event: Raw) -> Raw:
    return event | {"learner": "guest-417"}


def _of_no_module(event: Raw) -> Raw:
    return event | {"kind": "content.viewed", "module": "archive-2019"}


def _with_too_high_a_score(event: Raw) -> Raw:
    return event | {
        "kind": "assessment.graded",
        "object": "entry-test",
        "value": 14,
        "data": {"max": 10},
    }


def _with_no_zone(event: Raw) -> Raw:
    return event | {"occurred_at": event["occurred_at"][:19]}


WRONG: tuple[Callable[[Raw], Raw], ...] = (
    _of_a_stranger,
    _of_no_module,
    _with_too_high_a_score,
    _with_no_zone,
)
