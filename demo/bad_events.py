"""Add events of unknown kinds and invalid events, as they occur on any platform."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from demo.event_factory import Raw
from demo.world.seeded_random import seeded_random

UNKNOWN_KINDS = ("badge.viewed", "profile.updated", "calendar.synced")
# one of so many events is followed by a bad one
UNKNOWN_EVERY = 1_900
MISTAKE_EVERY = 6_100


def with_bad_events(events: Sequence[Raw], seed: int) -> list[Raw]:
    """Insert a few events that are stored as unmapped or rejected."""
    return [one for event in _with_additions(events, seed) for one in event]


def _with_additions(events: Sequence[Raw], seed: int) -> Iterator[list[Raw]]:
    rng = seeded_random(seed, "oddities")
    for count, event in enumerate(events, start=1):
        group = [event]
        if count % UNKNOWN_EVERY == 0:
            group.append(_unknown_kind(event, rng.choice(UNKNOWN_KINDS)))
        if count % MISTAKE_EVERY == 0:
            group.append(rng.choice(MISTAKES)(event) | {"id": f"{event['id']}-wrong"})
        yield group


def _unknown_kind(event: Raw, kind: str) -> Raw:
    names = ("occurred_at", "learner", "course", "run")
    kept = {name: event[name] for name in names if name in event}
    return kept | {"id": f"{event['id']}-{kind}", "kind": kind}


def _with_unknown_learner(event: Raw) -> Raw:
    return event | {"learner": "guest-417"}


def _with_unknown_module(event: Raw) -> Raw:
    return event | {"kind": "content.viewed", "module": "archive-2019"}


def _with_score_above_maximum(event: Raw) -> Raw:
    return event | {
        "kind": "assessment.graded",
        "object": "entry-test",
        "value": 14,
        "data": {"max": 10},
    }


def _without_time_zone(event: Raw) -> Raw:
    return event | {"occurred_at": event["occurred_at"][:19]}


MISTAKES: tuple[Callable[[Raw], Raw], ...] = (
    _with_unknown_learner,
    _with_unknown_module,
    _with_score_above_maximum,
    _without_time_zone,
)
