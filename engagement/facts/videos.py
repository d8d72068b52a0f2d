"""What each learner has watched of each video."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from operator import attrgetter
from typing import Any

from core.changes import Changes
from core.database import bulk_upsert, given_rows, queries
from core.database.compiled_queries import Template, given_ids
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
PAIRS = {"enrollment_id": int, "video_id": int}
# CROSS JOIN: SQLite must begin with the pairs
PROGRESS = """
    SELECT stored.enrollment_id, stored.video_id, stored.started_at, stored.segments,
        stored.watched_seconds
    FROM {rows} CROSS JOIN engagement_videoprogress stored
    WHERE stored.enrollment_id = given.enrollment_id AND stored.video_id = given.video_id
"""
PLAYER_EVENTS = """
    SELECT stored.enrollment_id, stored.video_id, stored.at, stored.is_playing, stored.position
    FROM {rows} CROSS JOIN engagement_playerevent stored
    WHERE stored.enrollment_id = given.enrollment_id AND stored.video_id = given.video_id
"""
WATCHED = Template(
    VideoProgress.objects.filter(
        enrollment__in=given_ids("enrollments"), video__in=given_ids("videos")
    )
)


@dataclass(slots=True)
class Watched:
    """What a learner has watched of a video according to reported segments.

    `seconds` are the unique ones of the reported segments and of the plays of the player; None
    until they are computed for the first time.
    """

    enrollment_id: int
    video: LearningObject
    started_at: datetime
    segments: list[watched_segments.Segment] = field(default_factory=list)
    seconds: float | None = None

    @property
    def pair(self) -> Pair:
        return self.enrollment_id, self.video.pk

    def watch(self, events: Iterable[Event]) -> Watched:
        """Add what these events report."""
        reported = [tuple(span) for event in events for span in event.data.get("segments", ())]
        return replace(
            self,
            started_at=min(self.started_at, *(event.occurred_at for event in events)),
            segments=watched_segments.union([*self.segments, *reported]),
        )

    def with_seconds(self, player_events: PlayerEvents) -> Watched:
        """Compute the seconds again."""
        duration = self.video.duration_seconds
        events = player_events.get(self.pair, ())
        played = watched_segments.played_segments(events, duration=duration)
        union = watched_segments.union([*self.segments, *played], duration=duration)
        return replace(self, seconds=watched_segments.seconds(union))


def add_watching(batch: EventBatch) -> None:
    """Store reported segments (`data.segments`) and player events (`value` is the position)."""
    objects = resolve_objects(batch, LearningObject.Kind.VIDEO)
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
    pairs: Mapping[Pair, Sequence[Event]],
    videos: Mapping[int, LearningObject],
    changes: Changes,
) -> None:
    """Add reported segments to the stored ones; the batch has locked these enrollments."""
    stored = _read(pairs, videos)
    new = {
        pair: Watched(pair[0], videos[pair[1]], some[0].occurred_at) for pair, some in pairs.items()
    }
    watched = [(stored.get(pair) or new[pair]).watch(events) for pair, events in pairs.items()]
    _write(watched, stored, changes)


def _read(pairs: Collection[Pair], videos: Mapping[int, LearningObject]) -> dict[Pair, Watched]:
    return {
        (enrollment, video): Watched(
            enrollment,
            videos[video],
            queries.moment(started_at),
            [(begin, end) for begin, end in json.loads(segments)],
            seconds,
        )
        for enrollment, video, started_at, segments, seconds in given_rows.select(
            PROGRESS, PAIRS, pairs
        )
    }


def recompute_watched(videos: Collection[LearningObject], changes: Changes) -> None:
    """Recompute what was watched of videos whose duration may have changed."""
    with_duration = {video.pk: video for video in videos if video.duration_seconds is not None}
    stored = VideoProgress.objects.filter(video__in=with_duration)
    pairs = sorted(stored.values_list("enrollment_id", "video_id")) if with_duration else []
    for begin in range(0, len(pairs), BATCH_SIZE):
        some = pairs[begin : begin + BATCH_SIZE]
        enrolling.lock(pair[0] for pair in some)
        found = _read(some, with_duration)
        _write(found.values(), found, changes)
        # also where nothing was written: figures divide by the duration
        _mark(found.values(), changes)


def _write(watched: Iterable[Watched], stored: Mapping[Pair, Watched], changes: Changes) -> None:
    """Write those that differ from the stored ones, with their seconds, and mark their days."""
    rows = list(watched)
    player_events = _read_player_events([row.pair for row in rows])
    rows = [
        row
        for one in sorted(rows, key=attrgetter("pair"))
        if (row := one.with_seconds(player_events)) != stored.get(row.pair)
    ]
    bulk_upsert.upsert(
        VideoProgress,
        ("enrollment_id", "video_id", *UPDATED),
        [(*row.pair, row.started_at, row.segments, row.seconds) for row in rows],
        conflict="enrollment_id, video_id",
        merge=dict.fromkeys(UPDATED, "replace"),
    )
    _mark([*rows, *(stored[row.pair] for row in rows if row.pair in stored)], changes)


def _mark(rows: Collection[Watched], changes: Changes) -> None:
    changes.changed(
        WATCHED.given(
            enrollments={row.enrollment_id for row in rows}, videos={row.video.pk for row in rows}
        ),
        started_at=((row.video.course_id, row.started_at) for row in rows),
    )


def _read_player_events(pairs: Iterable[Pair]) -> PlayerEvents:
    found: PlayerEvents = defaultdict(list)
    for enrollment, video, at, is_playing, position in given_rows.select(
        PLAYER_EVENTS, PAIRS, pairs
    ):
        found[enrollment, video].append((queries.moment(at), bool(is_playing), position))
    return found
