"""What each learner has seen of each video."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from curriculum import bulk
from engagement.facts import marking, segments
from engagement.facts.objects import objects_of
from engagement.models import LearningObject, VideoMark, VideoProgress
from intake.models import Event

Pair = tuple[int, int]


def watch(events: Sequence[Event]) -> None:
    """Take reported segments (`data.segments`) and player marks (`value` is the position)."""
    objects = objects_of(events, LearningObject.Kind.VIDEO)
    pairs: dict[Pair, list[Event]] = defaultdict(list)
    for event in events:
        video = objects[event.course_id or 0, event.object]
        pairs[event.enrollment_id or 0, video.pk].append(event)
    _keep_marks(pairs)
    _open(pairs)
    _reckon(pairs)


def _keep_marks(pairs: dict[Pair, list[Event]]) -> None:
    rows = {
        (*pair, event.occurred_at, event.kind == "video.played"): event.value
        for pair, some in pairs.items()
        for event in some
        if event.kind != "video.watched"
    }
    bulk.upsert(
        VideoMark,
        ("enrollment_id", "video_id", "at", "is_playing", "position"),
        [(*key, rows[key]) for key in sorted(rows)],
        conflict="enrollment_id, video_id, at, is_playing",
    )


def _open(pairs: dict[Pair, list[Event]]) -> None:
    """Have a row for each pair, so that there is something to lock."""
    bulk.upsert(
        VideoProgress,
        ("enrollment_id", "video_id", "started_at", "segments", "watched_seconds"),
        [
            (*pair, min(event.occurred_at for event in pairs[pair]), [], 0.0)
            for pair in sorted(pairs)
        ],
        conflict="enrollment_id, video_id",
    )


def _reckon(pairs: dict[Pair, list[Event]]) -> None:
    enrollments, videos = {pair[0] for pair in pairs}, {pair[1] for pair in pairs}
    rows = VideoProgress.objects.filter(enrollment__in=enrollments, video__in=videos)
    rows = rows.select_related("video").select_for_update(of=("self",)).order_by("pk")
    marks: dict[Pair, list[segments.Mark]] = defaultdict(list)
    for mark in VideoMark.objects.filter(enrollment__in=enrollments, video__in=videos):
        pair = (mark.enrollment_id, mark.video_id)
        marks[pair].append((mark.at, mark.is_playing, mark.position))
    changed = [row for row in rows if (row.enrollment_id, row.video_id) in pairs]
    before = [(row.video.course_id, row.started_at) for row in changed]
    for row in changed:
        pair = (row.enrollment_id, row.video_id)
        _add(row, pairs[pair], marks[pair])
    VideoProgress.objects.bulk_update(
        changed, ["started_at", "segments", "watched_seconds"], batch_size=500
    )
    marking.mark([*before, *((row.video.course_id, row.started_at) for row in changed)])


def _add(row: VideoProgress, events: Sequence[Event], marks: Sequence[segments.Mark]) -> None:
    duration = row.video.duration_seconds
    reported = [(begin, end) for event in events for begin, end in event.data.get("segments", ())]
    there = [(begin, end) for begin, end in row.segments]
    row.segments = segments.union([*there, *reported])
    seen = [*row.segments, *segments.played(marks, duration=duration)]
    row.watched_seconds = segments.seconds(segments.union(seen, duration=duration))
    row.started_at = min([row.started_at, *(event.occurred_at for event in events)])
