"""Small random worlds of raw events of every kind that a KPI counts, drawn from a seed.

A quarter of the times are within an hour of the start of a month in Berlin, before or after a
clock change, to test the boundaries of periods.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    """The events as a sender would send them, in random order; `share` of all learn in each run."""

    def __init__(
        self,
        seed: int,
        *,
        learners: Sequence[str] = (),
        courses: Sequence[str] = COURSES,
        runs: Sequence[str] = RUNS,
        share: float = 0.55,
    ) -> None:
        self.random = Random(seed)  # noqa: S311
        self.numbers = count(1)
        self.learners, self.courses = learners or LEARNERS, courses
        self.events: list[Event] = []
        for learner in self.learners:
            # inviting with a code makes the learner its owner
            self.send("invitation.sent", BEGIN, learner=learner, data={"code": code_of(learner)})
            for course in courses:
                for run in runs:
                    if self.chance(share):
                        self.study(learner, course, run)
            self.buy(learner)
        self.random.shuffle(self.events)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def moment(self, after: datetime, days: int) -> datetime:
        """Return a random moment within some days after another, or the edge of a month."""
        last = after + timedelta(days=days)
        edges = [edge for edge in EDGES if after < edge < last]
        if edges and self.chance(0.25):
            return self.random.choice(edges)
        return after + timedelta(minutes=self.random.randint(1, days * 24 * 60))

    def send(self, kind: str, at: datetime, **fields: Any) -> None:
        event = {"id": f"e{next(self.numbers)}", "kind": kind, "occurred_at": at.isoformat()}
        self.events.append(event | fields)

    def study(self, learner: str, course: str, run: str) -> None:
        start = self.moment(BEGIN, 100)
        who = {"learner": learner, "course": course, "run": run}
        signed: dict[str, Any] = {"track": "certificate"} if self.chance(0.5) else {}
        if self.chance(0.3):
            signed["referral_code"] = code_of(self.random.choice(self.learners))
        self.send("enrollment.started", start, **who, data=signed)
        if self.chance(0.3):
            self.send("enrollment.withdrawn", self.moment(start, 30), **who)
        if self.chance(0.4):
            self.send("course.completed", self.moment(start, 60), **who)
        self.rest(start, who)
        self.achieve(start, who)
        self.answer(start, who)

    def rest(self, start: datetime, who: Event) -> None:
        at = start
        for _ in range(self.random.randint(0, 2)):
            at = self.moment(at, 15)
            self.send("enrollment.paused", at, **who)
            if self.chance(0.8):
                at = self.moment(at, 15)
                self.send("enrollment.resumed", at, **who)

    def achieve(self, start: datetime, who: Event) -> None:
        for module in MODULES:
            if self.chance(0.6):
                kind = self.random.choice(("module.completed", "module.waived"))
                self.send(kind, self.moment(start, 70), **who, module=module)
        for _ in range(self.random.randint(0, 3)):
            skill, score = self.random.choice(("sql", "ml")), self.random.choice((0.1, 0.79, 0.8))
            self.send("skill.assessed", self.moment(start, 60), **who, object=skill, value=score)
        if self.chance(0.5):
            self.send("certificate.earned", self.moment(start, 60), **who)
        if self.chance(0.2):
            self.send("certificate.revoked", self.moment(start, 80), **who)

    def answer(self, start: datetime, who: Event) -> None:
        for _ in range(self.random.randint(0, 2)):
            said: dict[str, Any] = {"survey": "end", "wave": self.random.choice(("w1", "w2"))}
            said["csat"] = self.random.randint(1, 5)
            if self.chance(0.8):
                said["nps"] = self.random.randint(0, 10)
            if self.chance(0.4):
                said["career"] = self.random.choice(([], ["project"], ["placement", "promotion"]))
            # never two answers at the same moment, since neither would be the later one
            at = self.moment(start, 90) + timedelta(microseconds=next(self.numbers))
            self.send("survey.answered", at, **who, data=said)
        if self.chance(0.2):
            said = {"kind": self.random.choice(("none", "placement"))}
            self.send("career.reported", self.moment(start, 200), **who, data=said)

    def buy(self, learner: str) -> None:
        for at in range(self.random.randint(0, 3)):
            self.hold({"subscription": f"{learner}-holds-{at}"}, learner)
        for at in range(self.random.randint(0, 4)):
            paid = {"payment": f"{learner}-pays-{at}", "currency": "USD"}
            booked, course = self.moment(BEGIN, 110), self.random.choice(self.courses)
            amount = self.random.choice(("250.00", "99.95", 10))
            self.send("payment.received", booked, learner=learner, course=course,
                      data=paid | {"amount": amount})  # fmt: skip
            if self.chance(0.3):
                back = self.moment(booked, 50)
                self.send("payment.refunded", back, data=paid | {"amount": "9.95"})

    def hold(self, held: dict[str, Any], learner: str) -> None:
        if self.chance(0.2):
            key = self.random.choice(("acme", "globex"))
            held["customer"] = {"key": key, "kind": "organisation"}
        what: Event = {"learner": learner, "data": held}
        if self.chance(0.7):
            what["course"] = self.random.choice(self.courses)
        at = self.moment(BEGIN, 100)
        self.send("subscription.started", at, **what)
        for _ in range(self.random.randint(0, 3)):
            at = self.moment(at, 40)
            turns = ("paused", "resumed", "cancelled", "finished", "started")
            self.send(f"subscription.{self.random.choice(turns)}", at, **what)

    def batches(self, size: int = 60) -> Iterator[list[Event]]:
        for at in range(0, len(self.events), size):
            yield self.events[at : at + size]


def code_of(learner: str) -> str:
    return f"CODE-{learner}"
