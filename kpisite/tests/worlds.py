"""Small worlds of raw events, drawn by a seed: every kind that a KPI counts, often at an edge.

A quarter of the moments are within an hour of the start of a month in Berlin, before or after a
clock change, so that what belongs to which period is put to the test.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")
LEARNERS = [f"learner-{at}" for at in range(14)]
COURSES, RUNS, MODULES = ("py", "db"), ("a", "b"), ("m1", "m2")
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
EDGES = [
    datetime(2026, month, 1, tzinfo=BERLIN).astimezone(UTC) + timedelta(minutes=minutes)
    for month in (2, 3, 4, 5)
    for minutes in (-60, -1, 0, 1, 60)
]

Event = dict[str, Any]


class World:
    """Its events as a sender would send them, in no order."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311
        self.numbers = count(1)
        self.events: list[Event] = []
        for learner in LEARNERS:
            # whoever has invited by a code owns it
            self.tell("invitation.sent", BEGIN, learner=learner, data={"code": code_of(learner)})
            for course in COURSES:
                for run in RUNS:
                    if self.chance(0.55):
                        self.study(learner, course, run)
            self.buy(learner)
        self.random.shuffle(self.events)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def moment(self, after: datetime, days: int) -> datetime:
        """A moment in so many days after another, or a month's edge in them."""
        last = after + timedelta(days=days)
        edges = [edge for edge in EDGES if after < edge < last]
        if edges and self.chance(0.25):
            return self.random.choice(edges)
        return after + timedelta(minutes=self.random.randint(1, days * 24 * 60))

    def tell(self, kind: str, at: datetime, **says: Any) -> None:
        event = {"id": f"e{next(self.numbers)}", "kind": kind, "occurred_at": at.isoformat()}
        self.events.append(event | says)

    def study(self, learner: str, course: str, run: str) -> None:
        start = self.moment(BEGIN, 100)
        who = {"learner": learner, "course": course, "run": run}
        signed: dict[str, Any] = {"track": "certificate"} if self.chance(0.5) else {}
        if self.chance(0.3):
            signed["referral_code"] = code_of(self.random.choice(LEARNERS))
        self.tell("enrollment.started", start, **who, data=signed)
        if self.chance(0.3):
            self.tell("enrollment.withdrawn", self.moment(start, 30), **who)
        if self.chance(0.4):
            self.tell("course.completed", self.moment(start, 60), **who)
        self.rest(start, who)
        self.achieve(start, who)
        self.answer(start, who)

    def rest(self, start: datetime, who: Event) -> None:
        at = start
        for _ in range(self.random.randint(0, 2)):
            at = self.moment(at, 15)
            self.tell("enrollment.paused", at, **who)
            if self.chance(0.8):
                at = self.moment(at, 15)
                self.tell("enrollment.resumed", at, **who)

    def achieve(self, start: datetime, who: Event) -> None:
        for module in MODULES:
            if self.chance(0.6):
                kind = self.random.choice(("module.completed", "module.waived"))
                self.tell(kind, self.moment(start, 70), **who, module=module)
        for _ in range(self.random.randint(0, 3)):
            skill, score = self.random.choice(("sql", "ml")), self.random.choice((0.1, 0.79, 0.8))
            self.tell("skill.assessed", self.moment(start, 60), **who, object=skill, value=score)
        if self.chance(0.5):
            self.tell("certificate.earned", self.moment(start, 60), **who)
        if self.chance(0.2):
            self.tell("certificate.revoked", self.moment(start, 80), **who)

    def answer(self, start: datetime, who: Event) -> None:
        for _ in range(self.random.randint(0, 2)):
            said: dict[str, Any] = {"survey": "end", "wave": self.random.choice(("w1", "w2"))}
            said["csat"] = self.random.randint(1, 5)
            if self.chance(0.8):
                said["nps"] = self.random.randint(0, 10)
            if self.chance(0.4):
                said["career"] = self.random.choice(([], ["project"], ["placement", "promotion"]))
            # no two answers at one moment: which of them is the later one is nobody's to say
            at = self.moment(start, 90) + timedelta(microseconds=next(self.numbers))
            self.tell("survey.answered", at, **who, data=said)
        if self.chance(0.2):
            said = {"kind": self.random.choice(("none", "placement"))}
            self.tell("career.reported", self.moment(start, 200), **who, data=said)

    def buy(self, learner: str) -> None:
        for at in range(self.random.randint(0, 3)):
            self.hold({"subscription": f"{learner}-holds-{at}"}, learner)
        for at in range(self.random.randint(0, 4)):
            paid = {"payment": f"{learner}-pays-{at}", "currency": "USD"}
            booked, course = self.moment(BEGIN, 110), self.random.choice(COURSES)
            amount = self.random.choice(("250.00", "99.95", 10))
            self.tell("payment.received", booked, learner=learner, course=course,
                      data=paid | {"amount": amount})  # fmt: skip
            if self.chance(0.3):
                back = self.moment(booked, 50)
                self.tell("payment.refunded", back, data=paid | {"amount": "9.95"})

    def hold(self, held: dict[str, Any], learner: str) -> None:
        if self.chance(0.2):
            key = self.random.choice(("acme", "globex"))
            held["customer"] = {"key": key, "kind": "organisation"}
        what: Event = {"learner": learner, "data": held}
        if self.chance(0.7):
            what["course"] = self.random.choice(COURSES)
        at = self.moment(BEGIN, 100)
        self.tell("subscription.started", at, **what)
        for _ in range(self.random.randint(0, 3)):
            at = self.moment(at, 40)
            turns = ("paused", "resumed", "cancelled", "finished", "started")
            self.tell(f"subscription.{self.random.choice(turns)}", at, **what)

    def batches(self, size: int = 60) -> Iterator[list[Event]]:
        for at in range(0, len(self.events), size):
            yield self.events[at : at + size]


def code_of(learner: str) -> str:
    return f"CODE-{learner}"
