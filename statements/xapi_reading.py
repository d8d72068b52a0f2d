"""Read an xAPI statement as an occurrence. No database here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from statements.occurrence import (
    NOTHING,
    Activity,
    Identifier,
    Occurrence,
    Score,
    Segment,
    number_in,
    points,
)
from statements.vocabulary import (
    ATTEMPT_NUMBER,
    CMI5,
    CMI5_PROGRESS,
    H5P_CONTENT,
    H5P_LIBRARIES,
    LMS_TYPE,
    MOODLE_INFO,
    OPEN_EDX_VERSION,
    SCORM,
    VIDEO,
    VIDEO_PROFILE,
)

# the ids of Rise, and the number of an attempt in Moodle's addresses
ZONE = re.compile(r"[+-]\d\d(:?\d\d)?$")
RISE = re.compile(r"https?://[^/]+_rise(/|$)")
NUMBER_IN_ADDRESS = re.compile(r"[?&]attempt=(\d{1,10})(?!\d)")


def read_statement(statement: Mapping[str, Any]) -> Occurrence:
    """Read a statement that its store has validated, perhaps without its people."""
    result, context = statement.get("result", NOTHING), statement.get("context", NOTHING)
    extensions = context.get("extensions", NOTHING)
    if more := result.get("extensions"):
        extensions = {**extensions, **more}
    done = _activity(statement["object"])
    nearby = context.get("contextActivities", NOTHING)
    around = [*_activities(nearby, "parent"), *_activities(nearby, "grouping")]
    score = _score(result)
    return Occurrence(
        id=statement.get("id", ""),
        verb=statement["verb"]["id"],
        profile=_profile(done, _activities(nearby, "category"), extensions),
        at=_moment(statement),
        learner=learner_of(statement.get("actor", NOTHING)),
        object=done,
        around=around,
        raw=statement,
        score=score,
        has_unusable_score=score is None and bool(result.get("score")),
        success=result.get("success"),
        completion=result.get("completion"),
        number=_number(done, around),
        **(_played(extensions) if extensions else NOTHING),
    )


def _score(result: Mapping[str, Any]) -> Score | None:
    score = result.get("score")
    if not score:
        return None
    return points(score.get("raw"), score.get("scaled"), score.get("min"), score.get("max"))


def _played(extensions: Mapping[str, Any]) -> dict[str, Any]:
    """Return what extensions say about progress and videos."""
    position = number_in(extensions.get(VIDEO + "time"))
    return {
        "progress": _progress(extensions),
        "position": position,
        "jumped_from": number_in(extensions.get(VIDEO + "time-from")),
        "length": number_in(extensions.get(VIDEO + "length")),
        "segments": played_segments(extensions.get(VIDEO + "played-segments"), position),
    }


def learner_of(actor: Mapping[str, Any]) -> Identifier | None:
    """Return the identifier of an agent; None for a group, which is no learner."""
    if actor.get("objectType") == "Group":
        return None
    for kind in ("mbox", "mbox_sha1sum", "openid"):
        if value := actor.get(kind):
            return Identifier(kind, value.lower() if kind != "openid" else value)
    if (account := actor.get("account")) and account["name"]:
        return Identifier("account", f"{account['homePage']}\n{account['name']}")
    return None


def played_segments(text: Any, position: float | None) -> tuple[Segment, ...]:
    """Read `0[.]12.5[,]30[.]45`; the last segment may be open and then ends at the position."""
    if not isinstance(text, str):
        return ()
    found: list[Segment] = []
    for part in filter(None, text.split("[,]")):
        begin, _, end = part.partition("[.]")
        first, last = _seconds(begin), _seconds(end) if end else position
        if first is not None and last is not None and 0 <= first < last:
            found.append((first, last))
    return tuple(found)


def _seconds(text: str) -> float | None:
    try:
        return number_in(float(text))
    except ValueError:
        return None


def _profile(done: Activity, categories: Sequence[Activity], extensions: Mapping[str, Any]) -> str:
    """Return what tells senders apart: a profile they name, or a trace that they leave."""
    ids = [one.id.rstrip("/") for one in categories]
    for profile in (CMI5, SCORM, VIDEO_PROFILE):
        if profile in ids:
            return profile
    if OPEN_EDX_VERSION in extensions:
        return "open-edx"
    if MOODLE_INFO in extensions:
        return "moodle"
    if H5P_CONTENT in done.extensions or any(one.startswith(H5P_LIBRARIES) for one in ids):
        return "h5p"
    if "urn:articulate:" in done.id or RISE.match(done.id):
        return "articulate"
    named = [one.id for one in categories if one.type != LMS_TYPE]
    return named[0][:500] if named else ""


def _progress(extensions: Mapping[str, Any]) -> float | None:
    """Return a share of 1: cmi5 and Open edX send percent, the video profile sends shares."""
    percent = number_in(extensions.get(CMI5_PROGRESS))
    share = number_in(extensions.get(VIDEO + "progress"))
    value = percent / 100 if percent is not None else share
    return None if value is None else min(max(value, 0.0), 1.0)


def _number(done: Activity, around: Iterable[Activity]) -> int | None:
    for one in (done, *around):
        number = one.extensions.get(ATTEMPT_NUMBER)
        if isinstance(number, int) and not isinstance(number, bool):
            return number
        if found := NUMBER_IN_ADDRESS.search(one.id):
            return int(found[1])
    return None


def _moment(statement: Mapping[str, Any]) -> str:
    """Return when it happened; a time without a zone is UTC, as the specification has it."""
    text = str(statement.get("timestamp") or statement.get("stored") or "")
    has_zone = text[-1:] in ("Z", "z") or ZONE.search(text)
    return text if has_zone or not text else f"{text}Z"


def _activities(nearby: Mapping[str, Any], name: str) -> Sequence[Activity]:
    """Read one activity, as version 1.0.0 has it, or a list of them."""
    some = nearby.get(name)
    if not some:
        return ()
    return [_activity(one) for one in (some if isinstance(some, list) else [some])]


def _activity(value: Mapping[str, Any]) -> Activity:
    """Read an activity; the object of a statement may be something else without an id."""
    definition = value.get("definition", NOTHING)
    return Activity(
        value.get("id", ""), definition.get("type", ""), definition.get("extensions", NOTHING)
    )
