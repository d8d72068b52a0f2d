"""Which seconds of a video were seen. No Django here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise

Segment = tuple[float, float]
Mark = tuple[datetime, bool, float]

LONGEST_OPEN_PLAY = 30 * 60.0


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


def played(marks: Sequence[Mark], *, duration: float | None) -> list[Segment]:
    """The segments between plays and stops: marks are (when, is playing, position).

    A play with no stop after it runs until the next play, but no longer than the duration or
    30 minutes.
    """
    ordered = sorted(marks)
    longest = min(duration, LONGEST_OPEN_PLAY) if duration else LONGEST_OPEN_PLAY
    segments: list[Segment] = []
    for (at, is_playing, begin), (then, is_playing_then, end) in pairwise(ordered):
        if is_playing and is_playing_then:
            segments.append((begin, begin + min((then - at).total_seconds(), longest)))
        elif is_playing:
            segments.append((begin, end))
    if ordered and ordered[-1][1]:
        segments.append((ordered[-1][2], ordered[-1][2] + longest))
    return segments
