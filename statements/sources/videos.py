"""The xAPI video profile, and players that use its verbs without it, such as Open edX's.

A sender of the profile reports all played segments when the player stops, so that a play says
nothing more. Others report positions only: a play counts until its stop.
"""

from __future__ import annotations

from statements.rules import Emit, Rule, Source, emit, has_jump, has_position, has_segments, nothing
from statements.vocabulary import VIDEO_PROFILE, VIDEO_TYPE, adl, tincan, video

LENGTH = {"duration": "length"}
WATCHED = Emit("video.watched", data={"segments": "segments", **LENGTH})
PLAYED = Emit("video.played", value="position", data=LENGTH, needs=("value",))
PAUSED = Emit("video.paused", value="position", data=LENGTH, needs=("value",))
# before a jump, the player stops where it was
STOPPED = Emit("video.paused", value="jumped-from", data=LENGTH, needs=("value",))
STOPS = (video("paused"), video("seeked"), adl("completed"), adl("terminated"))

SEGMENTS = tuple(Rule(verb, (VIDEO_TYPE,), (WATCHED,), has_segments) for verb in STOPS)
OTHERS = (
    nothing(adl("interacted"), VIDEO_TYPE),
    nothing(tincan("downloaded"), VIDEO_TYPE),
    emit(adl("initialized"), "content.viewed", VIDEO_TYPE),
)
PROFILE_RULES = (
    *SEGMENTS,
    emit(video("played"), "content.viewed", VIDEO_TYPE),
    emit(adl("completed"), "content.viewed", VIDEO_TYPE, value="progress"),
    *(nothing(verb, VIDEO_TYPE) for verb in (video("paused"), video("seeked"), adl("terminated"))),
    *OTHERS,
)
PLAYER_RULES = (
    *SEGMENTS,
    Rule(video("played"), (VIDEO_TYPE,), (PLAYED,), has_position),
    Rule(video("paused"), (VIDEO_TYPE,), (PAUSED,), has_position),
    Rule(video("seeked"), (VIDEO_TYPE,), (STOPPED,), has_jump),
    Rule(adl("terminated"), (VIDEO_TYPE,), (PAUSED,), has_position),
    # without a position, nothing says what was watched
    *(emit(video(verb), "content.viewed", VIDEO_TYPE) for verb in ("played", "paused")),
    nothing(video("seeked"), VIDEO_TYPE),
    nothing(adl("terminated"), VIDEO_TYPE),
    emit(adl("completed"), "content.viewed", VIDEO_TYPE),
    *OTHERS,
)
VIDEOS = Source("xAPI video profile", "1.0.3", VIDEO_PROFILE, PROFILE_RULES)
PLAYERS = Source("Players with the verbs of the video profile", "1.0.3", "", PLAYER_RULES)
