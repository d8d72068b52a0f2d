"""Compute the KPIs a second time, in plain Python, only from raw events and docs/kpis.md.

Nothing here asks the database or the product: what both agree on was computed twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from kpisite.tests.enrollment_by_hand import Enrolled
from kpisite.tests.worlds import BERLIN, Event, code_of

TRANSFER, IN_TIME = timedelta(days=30), timedelta(days=180)
MASTERY = 0.8

Place = tuple[str, str, str]


class Span(NamedTuple):
    """A half-open span of time, in one course unless that is None."""

    start: datetime
    end: datetime
    course: str | None

    def has(self, at: datetime | None) -> bool:
        return at is not None and self.start <= at < self.end

    def is_of(self, course: str | None) -> bool:
        return self.course in (None, course)


class Ratio(NamedTuple):
    total: float
    weight: float


@dataclass
class Plan:
    """Days after the start when modules and the whole course are due, and minutes per module."""

    modules: Mapping[str, int]
    days: float
    minutes: int


class SecondComputation:
    """Computes each KPI by its key."""

    def __init__(self, events: Iterable[Event], plan: Plan) -> None:
        self.plan = plan
        self.by_kind: dict[str, list[Event]] = defaultdict(list)
        for event in sorted(events, key=lambda one: (moment(one), one["id"])):
            self.by_kind[event["kind"]].append(event)
        self.enrolled = self._signed_up()
        self._live()
        self.kpis: dict[str, Callable[[Span], Ratio]] = {
            "engagement.completion-rate": self.completion,
            "engagement.progress-velocity": self.velocity,
            "outcome.skill-attainment": self.skills,
            "outcome.certification-completion": self.certification,
            "outcome.satisfaction": self.nps,
            "outcome.csat": self.csat,
            "outcome.career-impact": self.career,
            "business.enrollment": self.enrollment,
            "business.referral": self.referral,
            "business.retention": self.retention,
            "business.revenue": self.revenue,
        }

    def _signed_up(self) -> dict[Place, Enrolled]:
        found: dict[Place, Enrolled] = {}
        for one in self.by_kind["enrollment.started"]:
            code = one["data"].get("referral_code")
            found[place(one)] = Enrolled(
                *place(one),
                start=moment(one),
                on_track=moment(one) if "track" in one["data"] else None,
                is_referred=code is not None and code != code_of(one["learner"]),
            )
        return found

    def _live(self) -> None:
        """Apply the events to enrollments; the first of two withdrawals counts."""
        for one in reversed(self.by_kind["enrollment.withdrawn"]):
            self.of(one).withdrawn = moment(one)
        for one in self.by_kind["course.completed"]:
            self.of(one).completions.append(moment(one))
        for one in [*self.by_kind["module.completed"], *self.by_kind["module.waived"]]:
            self.of(one).modules[one["module"]] = moment(one)
        for kind in ("enrollment.paused", "enrollment.resumed"):
            for one in self.by_kind[kind]:
                self.of(one).rests.append((moment(one), kind.endswith("paused")))
        self._achieve()

    def _achieve(self) -> None:
        for kind in ("certificate.earned", "certificate.revoked"):
            for one in self.by_kind[kind]:
                self.of(one).certificates.append((moment(one), kind.endswith("earned")))
        for one in self.by_kind["certificate.earned"]:
            self.of(one).on_track = min(moment(one), self.of(one).on_track or moment(one))
        for one in self.by_kind["module.completed"]:
            self.of(one).learned.append(moment(one))

    def of(self, event: Event) -> Enrolled:
        return self.enrolled[place(event)]

    def counted(self, span: Span) -> list[Enrolled]:
        some = self.enrolled.values()
        return [one for one in some if not one.is_cancelled and span.is_of(one.course)]

    def completion(self, span: Span) -> Ratio:
        due = [(one, one.due(self.plan.days)) for one in self.counted(span)]
        fell = [(one.completed, at) for one, at in due if span.has(at)]
        return Ratio(sum(done is not None and at is not None and done <= at for done, at in fell),
                     len(fell))  # fmt: skip

    def velocity(self, span: Span) -> Ratio:
        fell = [
            one.modules.get(module)
            for one in self.counted(span)
            for module, days in self.plan.modules.items()
            if span.has(one.due(days))
        ]
        done = sum(at is not None and at < span.end for at in fell)
        return Ratio(self.plan.minutes * done, self.plan.minutes * len(fell))

    def certification(self, span: Span) -> Ratio:
        track = [one for one in self.counted(span) if one.on_track and one.on_track < span.end]
        fell = [one for one in track if span.has(one.due(self.plan.days))]
        return Ratio(sum(one.is_certified(span.end) for one in fell), len(fell))

    def skills(self, span: Span) -> Ratio:
        latest: dict[tuple[str, str], tuple[datetime, float]] = {}
        for one in self.of_counted("skill.assessed", span):
            if span.has(moment(one)):
                key, now = (one["learner"], one["object"]), (moment(one), one["value"])
                latest[key] = max(now, latest.get(key, now))
        return Ratio(sum(score >= MASTERY for _, score in latest.values()), len(latest))

    def of_counted(self, kind: str, span: Span) -> list[Event]:
        places = {(one.learner, one.course, one.run) for one in self.counted(span)}
        return [one for one in self.by_kind[kind] if place(one) in places]

    def answers(self, span: Span) -> list[Event]:
        """Return the latest answer per enrollment and wave."""
        last = {
            (place(one), one["data"]["wave"]): one
            for one in self.of_counted("survey.answered", span)
        }
        return sorted(last.values(), key=moment)

    def said(self, span: Span, asked: str) -> list[int]:
        """Return the latest answer to the question per learner and wave in the span."""
        last = {
            (one["learner"], one["data"]["wave"]): one["data"][asked]
            for one in self.answers(span)
            if span.has(moment(one)) and asked in one["data"]
        }
        return list(last.values())

    def nps(self, span: Span) -> Ratio:
        scores = self.said(span, "nps")
        return Ratio(sum((one >= 9) - (one <= 6) for one in scores), len(scores))

    def csat(self, span: Span) -> Ratio:
        scores = self.said(span, "csat")
        return Ratio(sum(one >= 4 for one in scores), len(scores))

    def career(self, span: Span) -> Ratio:
        answered, with_impact = set(), set()
        for one, kinds in self.reports(span):
            done = self.enrolled[place(one)].completed
            if span.has(moment(one)) and done is not None and done < span.end:
                answered.add(one["learner"])
                days = moment(one).astimezone(BERLIN).date() - done.astimezone(BERLIN).date()
                if kinds and timedelta(0) <= days <= IN_TIME:
                    with_impact.add(one["learner"])
        return Ratio(len(with_impact), len(answered))

    def reports(self, span: Span) -> Iterable[tuple[Event, list[str]]]:
        for one in self.answers(span):
            if "career" in one["data"]:
                yield one, one["data"]["career"]
        for one in self.of_counted("career.reported", span):
            yield one, [kind for kind in [one["data"]["kind"]] if kind != "none"]

    def started(self, span: Span) -> list[Enrolled]:
        some = self.counted(span)
        return [one for one in some if span.has(one.start) and not self.is_transfer(one)]

    def is_transfer(self, to: Enrolled) -> bool:
        return any(
            one.withdrawn is not None
            and not one.is_cancelled
            and one.completed is None
            and one.start < to.start
            and abs(one.withdrawn - to.start) <= TRANSFER
            for one in self.enrolled.values()
            if (one.learner, one.course) == (to.learner, to.course) and one.run != to.run
        )

    def enrollment(self, span: Span) -> Ratio:
        some = self.started(span)
        return Ratio(len(some), len(some))

    def referral(self, span: Span) -> Ratio:
        some = self.started(span)
        return Ratio(sum(one.is_referred for one in some), len(some))

    def revenue(self, span: Span) -> Ratio:
        course = {one["data"]["payment"]: one["course"] for one in self.by_kind["payment.received"]}
        cents = [
            sign * round(float(one["data"]["amount"]) * 100)
            for kind, sign in (("payment.received", 1), ("payment.refunded", -1))
            for one in self.by_kind[kind]
            if span.has(moment(one)) and span.is_of(course[one["data"]["payment"]])
        ]
        return Ratio(sum(cents), len(cents))

    def retention(self, span: Span) -> Ratio:
        held = [one for one in self.held() if span.is_of(one.course)]
        before = {one.customer for one in held if one.is_active(span.start)}
        after = {
            one.customer
            for one in held
            if one.is_active(span.end) or (one.is_finished and span.has(one.end))
        }
        return Ratio(len(before & after), len(before))

    def held(self) -> list[Held]:
        changes: dict[str, list[Event]] = defaultdict(list)
        for kind in ("started", "finished", "cancelled"):
            for one in self.by_kind[f"subscription.{kind}"]:
                changes[one["data"]["subscription"]].append(one)
        return [held for some in changes.values() for held in subscription_periods(some)]


@dataclass
class Held:
    customer: tuple[str, str]
    course: str | None
    start: datetime
    end: datetime | None = None
    is_finished: bool = False

    def is_active(self, at: datetime) -> bool:
        return self.start < at and (self.end is None or self.end >= at)


def subscription_periods(changes: list[Event]) -> list[Held]:
    """Pair each start with the first end after it; ignore starts while it is active."""
    found: list[Held] = []
    for one in sorted(changes, key=moment):
        is_going_on = bool(found) and found[-1].end is None
        if one["kind"] == "subscription.started":
            if not is_going_on:
                found.append(Held(customer(one), one.get("course"), moment(one)))
        elif is_going_on:
            found[-1].end = moment(one)
            found[-1].is_finished = one["kind"] == "subscription.finished"
    return found


def customer(event: Event) -> tuple[str, str]:
    named: dict[str, Any] | None = event["data"].get("customer")
    return (named["kind"], named["key"]) if named else ("learner", event["learner"])


def moment(event: Event) -> datetime:
    return datetime.fromisoformat(event["occurred_at"])


def place(event: Event) -> Place:
    return event["learner"], event["course"], event["run"]
