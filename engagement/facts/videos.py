"""What each learner has seen of each video."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from curriculum import bulk, enrolling
from engagement.facts import marking, segments
from engagement.facts.objects import objects_of
from engagement.models import LearningObject, VideoMark, VideoProgress
from intake.models import Event

Pair = tuple[int, int]

AT_ONCE = 2_000


def watch(events: Sequence[Event]) -> None:
    """Take reported segments (`data.segments`) and player marks (`value` is the position)."""
    objects = objects_of(events, LearningObject.Kind.VIDEO)
    pairs: dict[Pair, list[Event]] = defaultdict(list)
    for event in events:
        pairs[event.enrollment_id or 0, objects.of(event).pk].append(event)
    _keep_marks(pairs)
    _open(pairs)
    _add(pairs)
    reckon_again(objects.learned)


def _keep_marks(pairs: dict[Pair, list[Event]]) -> None:
    rows: dict[tuple[Any, ...], float] = {}
    for pair, some in pairs.items():
        for event in some:
            if event.kind != "video.watched":
                key = (*pair, event.occurred_at, event.kind == "video.played")
                position = event.value or 0.0
                rows[key] = min(position, rows.get(key, position))
    bulk.upsert(
        VideoMark,
        ("enrollment_id", "video_id", "at", "is_playing", "position"),
        [(*key, rows[key]) for key in sorted(rows)],
        conflict="enrollment_id, video_id, at, is_playing",
        merge={"position": "smaller"},
    )


def _open(pairs: dict[Pair, list[Event]]) -> None:
    """Have a row for each pair."""
    bulk.upsert(
        VideoProgress,
        ("enrollment_id", "video_id", "started_at", "segments", "watched_seconds"),
        [
            (*pair, min(event.occurred_at for event in pairs[pair]), [], 0.0)
            for pair in sorted(pairs)
        ],
        conflict="enrollment_id, video_id",
    )


def _add(pairs: dict[Pair, list[Event]]) -> None:
    enrollments, videos = {pair[0] for pair in pairs}, {pair[1] for pair in pairs}
    there = VideoProgress.objects.filter(enrollment__in=enrollments, video__in=videos)
    rows = [
        row for row in there.select_related("video") if (row.enrollment_id, row.video_id) in pairs
    ]
    _mark(rows)
    for row in rows:
        events = pairs[row.enrollment_id, row.video_id]
        reported = [tuple(pair) for event in events for pair in event.data.get("segments", ())]
        row.segments = segments.union([*map(tuple, row.segments), *reported])
        row.started_at = min([row.started_at, *(event.occurred_at for event in events)])
    _reckon(rows)


def reckon_again(videos: Collection[LearningObject]) -> None:
    """A video's duration is known now, or another: what was seen of it is cut anew."""
    known = [video.pk for video in videos if video.duration_seconds is not None]
    there = VideoProgress.objects.filter(video__in=known)
    learners = list(there.values_list("enrollment_id", flat=True).distinct()) if known else []
    for begin in range(0, len(learners), AT_ONCE):
        some = learners[begin : begin + AT_ONCE]
        enrolling.lock(some)
        rows = list(there.filter(enrollment__in=some).select_related("video"))
        _mark(rows)
        _reckon(rows)


def _reckon(rows: Sequence[VideoProgress]) -> None:
    """Reckon what was seen from the segments reported and the marks, and write the rows."""
    marks = _marks(rows)
    for row in rows:
        duration = row.video.duration_seconds
        played = segments.played(marks[row.enrollment_id, row.video_id], duration=duration)
        seen = [*map(tuple, row.segments), *played]
        row.watched_seconds = segments.seconds(segments.union(seen, duration=duration))
    bulk.upsert(
        VideoProgress,
        ("enrollment_id", "video_id", *WRITTEN),
        [
            (row.enrollment_id, row.video_id, row.started_at, row.segments, row.watched_seconds)
            for row in rows
        ],
        conflict="enrollment_id, video_id",
        merge=dict.fromkeys(WRITTEN, "replace"),
    )
    _mark(rows)


WRITTEN = ("started_at", "segments", "watched_seconds")


def _marks(rows: Sequence[VideoProgress]) -> dict[Pair, list[segments.Mark]]:
    marks: dict[Pair, list[segments.Mark]] = defaultdict(list)
    there = VideoMark.objects.filter(
        enrollment__in={row.enrollment_id for row in rows}, video__in={row.video_id for row in rows}
    )
    for enrollment, video, at, is_playing, position in there.values_list(
        "enrollment_id", "video_id", "at", "is_playing", "position"
    ):
        marks[enrollment, video].append((at, is_playing, position))
    return marks


def _mark(rows: Sequence[VideoProgress]) -> None:
    marking.mark((row.video.course_id, row.started_at) for row in rows)
