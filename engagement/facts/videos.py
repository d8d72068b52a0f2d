"""What each learner has watched of each video."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.changes import Changes
from core.database import bulk_upsert
from curriculum import enrolling
from engagement.facts import watched_segments
from engagement.facts.learning_objects import mark_moved, resolve_objects
from engagement.models import LearningObject, PlayerEvent, VideoProgress
from intake.event_batch import EventBatch
from intake.models import Event

# enrollment id and video id
Pair = tuple[int, int]
PlayerEvents = dict[Pair, list[watched_segments.PlayerEvent]]

BATCH_SIZE = 2_000
UPDATED = ("started_at", "segments", "watched_seconds")


@dataclass(slots=True)
class Watched:
    """What a learner has watched of a video according to reported segments."""

    enrollment_id: int
    video: LearningObject
    started_at: datetime
    segments: list[watched_segments.Segment]

    def seconds(self, player_events: PlayerEvents) -> float:
        """The unique seconds of the reported segments and of the plays of the player."""
        duration = self.video.duration_seconds
        events = player_events.get((self.enrollment_id, self.video.pk), ())
        played = watched_segments.played_segments(events, duration=duration)
        return watched_segments.seconds(
            watched_segments.union([*self.segments, *played], duration=duration)
        )


def add_watching(batch: EventBatch) -> None:
    """Store reported segments (`data.segments`) and player events (`value` is the position)."""
    objects = resolve_objects(batch.events, LearningObject.Kind.VIDEO)
    pairs: dict[Pair, list[Event]] = defaultdict(list)
    for event in batch.events:
        pairs[event.enrollment_id or 0, objects.of(event).pk].append(event)
    _store_player_events(pairs)
    videos = {video.pk: video for video in objects.by_key.values()}
    _add_segments(pairs, videos, batch.changes)
    recompute_watched(objects.changed, batch.changes)
    mark_moved(objects.moved, batch.changes)


def _store_player_events(pairs: dict[Pair, list[Event]]) -> None:
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


def _add_segments(
    pairs: dict[Pair, list[Event]], videos: Mapping[int, LearningObject], changes: Changes
) -> None:
    """Add reported segments to the stored ones; the batch has locked these enrollments."""
    stored = {(row.enrollment_id, row.video.pk): row for row in _read(pairs, videos)}
    _mark_stale(stored.values(), changes)
    for pair, events in pairs.items():
        row = stored.setdefault(pair, Watched(pair[0], videos[pair[1]], events[0].occurred_at, []))
        reported = [tuple(span) for event in events for span in event.data.get("segments", ())]
        row.segments = watched_segments.union([*row.segments, *reported])
        row.started_at = min([row.started_at, *(event.occurred_at for event in events)])
    _write([stored[pair] for pair in sorted(stored)], changes)


def _read(pairs: Collection[Pair], videos: Mapping[int, LearningObject]) -> list[Watched]:
    rows = VideoProgress.objects.filter(
        enrollment__in={pair[0] for pair in pairs}, video__in=list(videos)
    ).values_list("enrollment_id", "video_id", "started_at", "segments")
    return [
        Watched(enrollment, videos[video], started_at, [(begin, end) for begin, end in segments])
        for enrollment, video, started_at, segments in rows
        if (enrollment, video) in pairs
    ]


def recompute_watched(videos: Collection[LearningObject], changes: Changes) -> None:
    """Recompute what was watched of videos whose duration may have changed."""
    with_duration = {video.pk: video for video in videos if video.duration_seconds is not None}
    stored = VideoProgress.objects.filter(video__in=with_duration)
    pairs = sorted(stored.values_list("enrollment_id", "video_id")) if with_duration else []
    for begin in range(0, len(pairs), BATCH_SIZE):
        some = set(pairs[begin : begin + BATCH_SIZE])
        enrolling.lock(pair[0] for pair in some)
        _write(_read(some, with_duration), changes)


def _write(rows: Sequence[Watched], changes: Changes) -> None:
    """Write the rows with their watched seconds, and mark their days."""
    player_events = _read_player_events(rows)
    bulk_upsert.upsert(
        VideoProgress,
        ("enrollment_id", "video_id", *UPDATED),
        [
            (
                row.enrollment_id,
                row.video.pk,
                row.started_at,
                row.segments,
                row.seconds(player_events),
            )
            for row in rows
        ],
        conflict="enrollment_id, video_id",
        merge=dict.fromkeys(UPDATED, "replace"),
    )
    _mark_stale(rows, changes)


def _read_player_events(rows: Sequence[Watched]) -> PlayerEvents:
    found: PlayerEvents = defaultdict(list)
    stored = PlayerEvent.objects.filter(
        enrollment__in={row.enrollment_id for row in rows}, video__in={row.video.pk for row in rows}
    )
    for enrollment, video, at, is_playing, position in stored.values_list(
        "enrollment_id", "video_id", "at", "is_playing", "position"
    ):
        found[enrollment, video].append((at, is_playing, position))
    return found


def _mark_stale(rows: Iterable[Watched], changes: Changes) -> None:
    rows = list(rows)
    changes.changed(
        VideoProgress.objects.filter(
            enrollment__in={row.enrollment_id for row in rows},
            video__in={row.video.pk for row in rows},
        ),
        started_at=((row.video.course_id, row.started_at) for row in rows),
    )
