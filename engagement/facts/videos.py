"""What each learner has seen of each video."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core import bulk_upsert
from curriculum import enrolling
from engagement.facts import batch_work, watched_segments
from engagement.facts.learning_objects import objects_of
from engagement.models import LearningObject, PlayerEvent, VideoProgress
from intake.models import Event

Pair = tuple[int, int]

Marks = dict[Pair, list[watched_segments.PlayerEvent]]

AT_ONCE = 2_000


@dataclass(slots=True)
class Seen:
    """What one learner has seen of one video, as far as segments tell."""

    enrollment_id: int
    video: LearningObject
    started_at: datetime
    segments: list[watched_segments.Segment]

    def seconds(self, marks: Marks) -> float:
        """Unique seconds of the segments and of what the player's marks say, in the video."""
        duration = self.video.duration_seconds
        marked = marks.get((self.enrollment_id, self.video.pk), ())
        played = watched_segments.played(marked, duration=duration)
        return watched_segments.seconds(
            watched_segments.union([*self.segments, *played], duration=duration)
        )


def watch(events: Sequence[Event]) -> None:
    """Take reported segments (`data.segments`) and player marks (`value` is the position)."""
    objects = objects_of(events, LearningObject.Kind.VIDEO)
    pairs: dict[Pair, list[Event]] = defaultdict(list)
    for event in events:
        pairs[event.enrollment_id or 0, objects.of(event).pk].append(event)
    _keep_marks(pairs)
    _add(pairs, {video.pk: video for video in objects.by_key.values()})
    recompute_watched(objects.learned)


def _keep_marks(pairs: dict[Pair, list[Event]]) -> None:
    rows: dict[tuple[Any, ...], float] = {}
    for pair, some in pairs.items():
        for event in some:
            if event.kind != "video.watched":
                key = (*pair, event.occurred_at, event.kind == "video.played")
                position = event.value or 0.0
                rows[key] = min(position, rows.get(key, position))
    bulk_upsert.upsert(
        PlayerEvent,
        ("enrollment_id", "video_id", "at", "is_playing", "position"),
        [(*key, rows[key]) for key in sorted(rows)],
        conflict="enrollment_id, video_id, at, is_playing",
        merge={"position": "smaller"},
    )


def _add(pairs: dict[Pair, list[Event]], videos: Mapping[int, LearningObject]) -> None:
    """Add what events tell to what is known; nobody else writes these learners' facts now."""
    there = {(row.enrollment_id, row.video.pk): row for row in _read(pairs, videos)}
    _mark(there.values())
    for pair, events in pairs.items():
        row = there.setdefault(pair, Seen(pair[0], videos[pair[1]], events[0].occurred_at, []))
        reported = [tuple(span) for event in events for span in event.data.get("segments", ())]
        row.segments = watched_segments.union([*row.segments, *reported])
        row.started_at = min([row.started_at, *(event.occurred_at for event in events)])
    _reckon([there[pair] for pair in sorted(there)])


def _read(pairs: Collection[Pair], videos: Mapping[int, LearningObject]) -> list[Seen]:
    rows = VideoProgress.objects.filter(
        enrollment__in={pair[0] for pair in pairs}, video__in=list(videos)
    ).values_list("enrollment_id", "video_id", "started_at", "segments")
    return [
        Seen(enrollment, videos[video], started_at, [(begin, end) for begin, end in spans])
        for enrollment, video, started_at, spans in rows
        if (enrollment, video) in pairs
    ]


def recompute_watched(videos: Collection[LearningObject]) -> None:
    """A video's duration is known now, or another: what was seen of it is cut anew."""
    known = {video.pk: video for video in videos if video.duration_seconds is not None}
    there = VideoProgress.objects.filter(video__in=known)
    seen = sorted(there.values_list("enrollment_id", "video_id")) if known else []
    for begin in range(0, len(seen), AT_ONCE):
        some = set(seen[begin : begin + AT_ONCE])
        enrolling.lock(pair[0] for pair in some)
        _reckon(_read(some, known))


def _reckon(rows: Sequence[Seen]) -> None:
    """Reckon what was seen from the segments reported and the marks, and write the rows."""
    marks = _marks(rows)
    bulk_upsert.upsert(
        VideoProgress,
        ("enrollment_id", "video_id", *WRITTEN),
        [
            (row.enrollment_id, row.video.pk, row.started_at, row.segments, row.seconds(marks))
            for row in rows
        ],
        conflict="enrollment_id, video_id",
        merge=dict.fromkeys(WRITTEN, "replace"),
    )
    _mark(rows)


WRITTEN = ("started_at", "segments", "watched_seconds")


def _marks(rows: Sequence[Seen]) -> Marks:
    marks: Marks = defaultdict(list)
    there = PlayerEvent.objects.filter(
        enrollment__in={row.enrollment_id for row in rows}, video__in={row.video.pk for row in rows}
    )
    for enrollment, video, at, is_playing, position in there.values_list(
        "enrollment_id", "video_id", "at", "is_playing", "position"
    ):
        marks[enrollment, video].append((at, is_playing, position))
    return marks


def _mark(rows: Iterable[Seen]) -> None:
    batch_work.mark_stale((row.video.course_id, row.started_at) for row in rows)
