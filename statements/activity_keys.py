"""Keys of courses, runs, modules and objects from the ids of activities."""

from __future__ import annotations

import hashlib
import re

from statements.occurrence import Occurrence
from statements.vocabulary import CALIPER_SECTION, COURSE_TYPES

# Open edX names organization, course and run in the ids of courses and of their blocks
OPEN_EDX = re.compile(
    r"(?:course-v1:|block-v1:|ccx-v1:|ccx-block-v1:)"
    r"(?P<course>[^/?#+]+\+[^/?#+]+)\+(?P<run>[^/?#+@]+)"
)
BLOCK = re.compile(r"(?:ccx-)?block-v1:[^/?#]+")
SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)
LONGEST_COURSE = 100
LONGEST = 200


def key_of(activity_id: str, limit: int = LONGEST) -> str:
    """Return the key of an activity: a block of Open edX as there, else the id without scheme.

    A longer id ends with its digest, so that two of them stay apart.
    """
    block = BLOCK.search(activity_id)
    text = block[0] if block else SCHEME.sub("", activity_id)
    text = text.strip().replace("\x00", "").rstrip("/")
    if len(text) <= limit:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:20]
    return f"{text[: limit - 21]}~{digest}"


def course_and_run(one: Occurrence) -> tuple[str | None, str | None]:
    """Return the keys of the course and, if its id names it, of the run."""
    activities = one.activities
    # the activity that is a course, nearest first
    courses = [near.id for near in activities if near.type in COURSE_TYPES]
    courses = courses or [near.id for near in activities if near.type == CALIPER_SECTION]
    for found in courses:
        if match := OPEN_EDX.search(found):
            return match["course"], match["run"]
    if courses:
        # a section of Caliper is a run of the offering that it is part of
        sections = [near.id for near in activities if near.type == CALIPER_SECTION]
        is_run = bool(sections) and sections[0] != courses[0]
        run = key_of(sections[0], LONGEST_COURSE) if is_run else None
        return key_of(courses[0], LONGEST_COURSE), run
    for near in activities:
        if match := OPEN_EDX.search(near.id):
            return match["course"], match["run"]
    return None, None
