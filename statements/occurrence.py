"""What somebody did, whichever standard reported it. No database here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

Segment = tuple[float, float]
LARGEST_ATTEMPT = 2**31 - 1


NOTHING: Mapping[str, Any] = MappingProxyType({})


# tuples, since there are thousands at once, and dataclasses take several times as long to make
class Activity(NamedTuple):
    """What was done, or what it is part of."""

    id: str
    type: str = ""
    extensions: Mapping[str, Any] = NOTHING


class Score(NamedTuple):
    """A score of `value` points out of `max`, from 0."""

    value: float
    max: float = 1.0


class Identifier(NamedTuple):
    """One of the ways in which a sender names a learner."""

    kind: str
    value: str


class Occurrence(NamedTuple):
    """One statement or event of a sender, in the terms that rules use.

    `around` begins with what the object is directly part of. `progress` is a share of 1, times in
    a video are seconds. `has_unusable_score` is True for a score that has no scale.
    """

    id: str
    verb: str
    profile: str
    at: str
    learner: Identifier | None
    object: Activity
    around: Sequence[Activity]
    raw: Mapping[str, Any]
    score: Score | None = None
    has_unusable_score: bool = False
    success: bool | None = None
    completion: bool | None = None
    progress: float | None = None
    position: float | None = None
    jumped_from: float | None = None
    length: float | None = None
    segments: Sequence[Segment] = ()
    number: int | None = None

    @property
    def type(self) -> str:
        return self.object.type

    @property
    def activities(self) -> tuple[Activity, ...]:
        return (self.object, *self.around)

    @property
    def attempt(self) -> int:
        """The sender's number of the attempt; else one that no other statement has."""
        if self.number and 0 < self.number <= LARGEST_ATTEMPT:
            return self.number
        digest = hashlib.sha256(self.id.encode()).digest()
        return int.from_bytes(digest[:4], "big") % LARGEST_ATTEMPT + 1


def number_in(value: Any) -> float | None:
    """Return a finite number; None for anything else, such as text or a truth value."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    number = float(value)
    return number if abs(number) < 1e300 else None


def points(raw: Any, scaled: Any, least: Any, most: Any) -> Score | None:
    """Return a score from its parts; None if they give no scale.

    Points out of a maximum come first: Moodle's `scaled` is 0 for half of the points, since it
    counts from -1 to 1.
    """
    value, top, bottom = number_in(raw), number_in(most), number_in(least) or 0.0
    if value is not None and top is not None:
        span = top - bottom
        return Score(min(max(value - bottom, 0.0), span), span) if span > 0 else None
    share = number_in(scaled)
    return None if share is None else Score(min(max(share, 0.0), 1.0))
