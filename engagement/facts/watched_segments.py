"""Compute which seconds of a video were watched. No Django here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby, pairwise
from operator import itemgetter

# from and to, in seconds from the start of the video
Segment = tuple[float, float]
# moment, whether the player started (or else stopped), and its position in seconds
PlayerEvent = tuple[datetime, bool, float]

LONGEST_OPEN_PLAY = 30 * 60.0
SLOWEST_SPEED, FASTEST_SPEED = 0.25, 2.0


def union(segments: Iterable[Segment], *, duration: float | None = None) -> list[Segment]:
    """Merge segments that overlap or touch, cut them to `[0, duration]` and sort them."""
    merged: list[Segment] = []
    for first, last in sorted(segments):
        begin, end = max(first, 0.0), last if duration is None else min(last, duration)
        if end <= begin:
            continue
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((begin, end))
    return merged


def seconds(segments: Iterable[Segment]) -> float:
    return sum(end - begin for begin, end in segments)


def played_segments(events: Iterable[PlayerEvent], *, duration: float | None) -> list[Segment]:
    """The segments between plays and stops.

    A play lasts at most as long as the elapsed time allows at double speed. One without a stop,
    or whose stop does not fit the elapsed time, lasts at most the duration or 30 minutes.
    """
    ordered = _in_order(events)
    longest = min(duration, LONGEST_OPEN_PLAY) if duration else LONGEST_OPEN_PLAY
    segments: list[Segment] = []
    for (at, is_playing, begin), (then, is_playing_then, end) in pairwise(ordered):
        elapsed = (then - at).total_seconds()
        if is_playing and is_playing_then:
            segments.append((begin, begin + min(elapsed, longest)))
        elif is_playing:
            segments.append((begin, begin + _played_seconds(end - begin, elapsed, longest)))
    if ordered and ordered[-1][1]:
        segments.append((ordered[-1][2], ordered[-1][2] + longest))
    return segments


def _in_order(events: Iterable[PlayerEvent]) -> list[PlayerEvent]:
    """Sort by time; at the same moment, a player that plays stops first, else it starts first."""
    ordered: list[PlayerEvent] = []
    for _, simultaneous in groupby(sorted(events), key=itemgetter(0)):
        is_playing = bool(ordered) and ordered[-1][1]
        ordered += sorted(simultaneous, key=lambda event: event[1] == is_playing)
    return ordered


def _played_seconds(length: float, elapsed: float, longest: float) -> float:
    """How much of a segment was played before its stop; negative when it ends before it begins."""
    if SLOWEST_SPEED * elapsed <= length <= FASTEST_SPEED * elapsed:
        return length
    return min(length, FASTEST_SPEED * elapsed, longest)
