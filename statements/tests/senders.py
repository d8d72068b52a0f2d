"""Statements in the shapes of widely used senders, about Ada, and ways to take them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import count
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from intake.events.batch import EventOutcome
from intake.events.senders import Sender
from intake.models import Event
from statements.interpret import take_statements
from statements.interpreted import Stored
from statements.sources import built_in_rules
from statements.sources.caliper import CALIPER_RULES
from statements.stores import STORES, Store
from statements.translation import Translation, by_verb, translate
from statements.vocabulary import (
    CMI5,
    COURSE,
    H5P_LIBRARIES,
    INTERACTION,
    MOODLE_INFO,
    OPEN_EDX_VERSION,
    VIDEO_PROFILE,
    VIDEO_TYPE,
)
from statements.xapi_reading import read_statement

RULES = by_verb([*built_in_rules(), *CALIPER_RULES])
LRS = Sender("lrs", creates_unknown=True)
EDX = "http://lms.example.org"
EDX_COURSE = f"{EDX}/course/course-v1:edX+DemoX+2026"
PROBLEM = f"{EDX}/xblock/block-v1:edX+DemoX+2026+type@problem+block@a0ef"
MOODLE = "https://moodle.example.org"
NOON = "2026-01-06T12:00:00Z"
Raw = dict[str, Any]


def activity(key: str, kind: str = "", **definition: Any) -> Raw:
    one: Raw = {"objectType": "Activity", "id": key}
    definition |= {"type": kind} if kind else {}
    return one | ({"definition": definition} if definition else {})


def statement(
    verb: str,
    done: Raw,
    *,
    who: str = "ada",
    at: str = NOON,
    result: Raw | None = None,
    extensions: Raw | None = None,
    **around: Any,
) -> Raw:
    """Return a statement; `around` are its context activities."""
    raw: Raw = {
        "actor": {"account": {"homePage": EDX, "name": who}},
        "verb": {"id": verb},
        "object": done,
        "timestamp": at,
        "context": {"contextActivities": around, "extensions": extensions or {}},
    }
    raw |= {"result": result} if result else {}
    return {"id": str(uuid5(NAMESPACE_URL, repr(raw)))} | raw


def edx(verb: str, done: Raw, **more: Any) -> Raw:
    """As event-routing-backends 9.3.8 sends it."""
    is_course = done["definition"]["type"] == COURSE
    given: dict[str, Any] = {} if is_course else {"parent": [activity(EDX_COURSE, COURSE)]}
    return statement(verb, done, **{**given, "extensions": {OPEN_EDX_VERSION: "9.3.8"}, **more})


def moodle(verb: str, done: Raw, *parents: Raw, **more: Any) -> Raw:
    """As logstore_xapi sends it: all that contains an activity is its parent."""
    course = activity(
        f"{MOODLE}/course/view.php?id=2", "https://w3id.org/xapi/cmi5/activitytype/course"
    )
    section = activity(
        f"{MOODLE}/course/section.php?id=1", "http://id.tincanapi.com/activitytype/section"
    )
    lms = activity(MOODLE, "http://id.tincanapi.com/activitytype/lms")
    around = [*parents, section, course] if done["id"] != course["id"] else []
    return statement(
        verb, done, parent=around, category=[lms], extensions={MOODLE_INFO: {}}, **more
    )


def cmi5(verb: str, *, unit: str = "https://units.example.org/u1", **more: Any) -> Raw:
    """As @xapi/cmi5 1.4.0 sends it: the unit has no type."""
    course = activity("https://courses.example.org/c1", COURSE)
    return statement(verb, activity(unit), category=[activity(CMI5)], grouping=[course], **more)


def h5p(verb: str, *, part: str = "", **more: Any) -> Raw:
    """As the player sends it: no course, and no types."""
    piece = "https://h5p.example.org/h5p/embed/7"
    done = activity(piece + part)
    around: dict[str, Any] = {"parent": [activity(piece)]} if part else {}
    library = activity(f"{H5P_LIBRARIES}H5P.QuestionSet-1.20")
    return statement(verb, done, category=[library], **around, **more)


def watched(verb: str, *, profile: bool = True, **seen: Any) -> Raw:
    """As players of the video profile send it, or others with its verbs only."""
    base = "https://w3id.org/xapi/video/extensions/"
    around: Raw = {"parent": [activity("course-v1:FUN+00001+s1", COURSE)]}
    around |= {"category": [activity(VIDEO_PROFILE)]} if profile else {}
    return statement(
        verb,
        activity("uuid://v1", VIDEO_TYPE),
        result={
            "extensions": {base + name.replace("_", "-"): value for name, value in seen.items()}
        },
        extensions={base + "length": 100},
        **around,
    )


def question(key: str = PROBLEM, **definition: Any) -> Raw:
    return activity(key, INTERACTION, **definition)


def translated(raw: Raw, *, course: str = "") -> Translation:
    return translate(read_statement(raw), RULES, course=course)


def events_of(raw: Raw, *, course: str = "") -> list[Raw]:
    return list(translated(raw, course=course).events)


def kinds(raw: Raw, *, course: str = "") -> list[str]:
    return [event["kind"] for event in events_of(raw, course=course)]


class MemoryStore(dict[int, Raw]):
    """A store of statements in memory, in the place of the one that receives them over HTTP."""

    def __init__(self) -> None:
        super().__init__()
        self._ids = count(1)
        STORES["memory"] = Store(
            lambda ids: {pk: self[pk] for pk in ids if pk in self}, read_statement
        )

    def take(
        self, *raws: Raw, sender: Sender = LRS, now: datetime | None = None
    ) -> list[EventOutcome]:
        """Store statements and interpret them."""
        stored = [Stored(next(self._ids), raw) for raw in raws]
        self.update({one.id: raw for one, raw in zip(stored, raws, strict=True)})
        return take_statements("memory", stored, sender, now=now)


def stored_events(*names: str) -> Sequence[tuple[Any, ...]]:
    """Return these fields of the stored events, in the order of what happened."""
    return list(Event.objects.order_by("occurred_at", "kind", "key").values_list(*names))
