"""Which seconds of a video were seen. No Django here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby, pairwise
from operator import itemgetter

Segment = tuple[float, float]
PlayerEvent = tuple[datetime, bool, float]

LONGEST_OPEN_PLAY = 30 * 60.0
# speeds at which players play
SLOWEST, FASTEST = 0.25, 2.0


def union(segments: Iterable[Segment], *, duration: float | None = None) -> list[Segment]:
    """Merge what overlaps or touches, cut to `[0, duration]`, in order."""
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


def played(marks: Iterable[PlayerEvent], *, duration: float | None) -> list[Segment]:
    """The segments between plays and stops: marks are (when, is playing, position).

    No play lasts longer than the clock allows at double speed. One without a stop after it, or
    whose stop does not match the clock, lasts no longer than the duration or 30 minutes.
    """
    ordered = _in_order(marks)
    longest = min(duration, LONGEST_OPEN_PLAY) if duration else LONGEST_OPEN_PLAY
    segments: list[Segment] = []
    for (at, is_playing, begin), (then, is_playing_then, end) in pairwise(ordered):
        elapsed = (then - at).total_seconds()
        if is_playing and is_playing_then:
            segments.append((begin, begin + min(elapsed, longest)))
        elif is_playing:
            segments.append((begin, begin + _until_stop(end - begin, elapsed, longest)))
    if ordered and ordered[-1][1]:
        segments.append((ordered[-1][2], ordered[-1][2] + longest))
    return segments


def _in_order(marks: Iterable[PlayerEvent]) -> list[PlayerEvent]:
    """By time; of one moment, the stop of what was playing comes first, else the play."""
    ordered: list[PlayerEvent] = []
    for _, now in groupby(sorted(marks), key=itemgetter(0)):
        is_playing = bool(ordered) and ordered[-1][1]
        ordered += sorted(now, key=lambda mark: mark[1] == is_playing)
    return ordered


def _until_stop(length: float, elapsed: float, longest: float) -> float:
    """How much of a stretch was played before its stop; less than nothing: it ends before it."""
    if SLOWEST * elapsed <= length <= FASTEST * elapsed:
        return length
    return min(length, FASTEST * elapsed, longest)
