"""Events in the form of senders, and ways to send them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.api_keys import create_api_key
from accounts.models import ApiKey
from accounts.tests.people import course, learner, run_of
from core.changes import gathered
from curriculum.models import Course
from intake import purging
from intake.event_batch import Handler
from intake.event_kinds import KINDS, Data, EventKind, EventSubject, NoData
from intake.events.batch import EventOutcome
from intake.events.senders import Sender
from intake.facts.rebuild_facts import rebuild_facts_of
from intake.models import Event
from intake.receiving.receive import receive

LMS = Sender("lms")
CREATOR = Sender("lms", creates_unknown=True)
JSON = "application/json"
LINES = "application/x-ndjson"


def school() -> Course:
    """Make course py of modules m1 and m2 with one run, with Ada and Bo enrolled on 5 January."""
    made = course("py", modules=2)
    run_of(made)
    names = ("Ada", "Bo")
    for name in names:
        learner(name)
    outcomes = receive([sign_up(name.lower()) for name in names], Sender("registry"))
    assert statuses(outcomes) == ["accepted", "accepted"], outcomes
    return made


def sign_up(who: str = "ada", at: str = "2026-01-05T00:00:00Z", **more: Any) -> dict[str, Any]:
    return event(f"enrol-{who}", "enrollment.started", at=at, learner=who, **more)


def event(
    key: Any = "e1", kind: Any = "content.viewed", at: Any = "2026-01-06T09:00:00Z", **more: Any
) -> dict[str, Any]:
    """Return an event of Ada in course py; `more` overrides fields, None omits a field."""
    fields = {"id": key, "kind": kind, "occurred_at": at, "learner": "ada", "course": "py", **more}
    return {name: value for name, value in fields.items() if value is not None}


def send(*raws: Any, sender: Sender = LMS, now: datetime | None = None) -> list[EventOutcome]:
    return receive(raws, sender, now=now)


def statuses(outcomes: Sequence[EventOutcome]) -> list[str]:
    return [one.status for one in outcomes]


class Lms:
    """A sender with an API key, over HTTP."""

    def __init__(self, *scopes: str, name: str = "lms", **rights: Any) -> None:
        chosen = scopes or (ApiKey.Scope.EVENTS_WRITE,)
        self.key, self.secret = create_api_key(name, chosen, **rights)
        self.client = Client(raise_request_exception=False)

    def post(self, body: Any, content_type: str = JSON, **headers: str) -> Any:
        """Send bytes unchanged, anything else as JSON."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.secret}", **headers}
        return self.client.post("/api/events", raw, content_type=content_type, headers=headers)


@contextmanager
def kind(name: str, handler: Handler, data: type[Data] = NoData) -> Iterator[None]:
    """Declare another event kind during a test."""
    KINDS[name] = EventKind(
        name, "", handler, data, EventSubject.ENROLLMENT, False, False, False, None, ""
    )
    try:
        yield
    finally:
        del KINDS[name]


def purge(ids: Collection[str]) -> None:
    """Purge events by their ids."""
    purging.purge(Event.objects.filter(key__in=ids))


def take_back(ids: Collection[str]) -> None:
    """Delete events by their ids, and rebuild their facts."""
    events = Event.objects.filter(key__in=ids)
    kept = list(events)
    events.forget()
    with gathered() as changes:
        rebuild_facts_of(kept, now=timezone.now(), changes=changes)
