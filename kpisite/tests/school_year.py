"""A learning platform that lives through a year, and teaches what the product's API tells it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client
from django.utils import timezone

from accounts.api_keys import create_api_key
from accounts.tests.people import course, run_of
from alerts.models import AlertRule
from core.database import query_planner
from improvement.effects import EffectResult
from improvement.models import Adjustment, AdjustmentRule
from intake.events.senders import Sender
from intake.receiving.receive import receive
from kpis.definitions.registry import REGISTRY
from kpisite.jobs import cycle
from notifications.delivery.deliver import DeliveryRun
from notifications.delivery.webhooks import signature
from notifications.models import Channel
from notifications.tests.hook_sink import Sink, hook_sink
from notifications.tests.notifying import only_channel

# the other KPIs are left out: recomputing them took most of the time
SCORES, VIDEO = "engagement.assessment-performance", "engagement.video-watch"
ENROLLMENT = "business.enrollment"
ITEMS = "module.practice-items"
EFFECTIVE = "/api/curriculum/parameters/effective"
COURSES, WEAK = ("py", "sql", "go"), ("py", "m2")
FIRST = date(2026, 1, 1)
BEGIN = datetime.combine(FIRST, time(), UTC)
BAD_SINCE, DAY, WEEK = date(2026, 4, 1), timedelta(days=1), timedelta(days=7)
GOOD, BAD, SPREAD, FILM = 0.86, 0.72, 0.12, 100
# a change approved when April has closed is watched for 60 days, and then the days close
MEASURED_ON = date(2026, 7, 10)
LMS = Sender("lms", creates_unknown=True)

Event = dict[str, Any]


@dataclass(frozen=True)
class Story:
    """How the weak module goes, and what each exercise more does to its scores and its video."""

    per_item: float = 0.0
    watched_per_item: float = 0.0
    bad: float = BAD
    # of those who are graded in the first month, so that an alert fires although nothing is wrong
    chance: float = 0.0
    bad_since: date = BAD_SINCE

    def level(self, day: date, items: float) -> float:
        """Return the mean score of the weak module on a day."""
        if day < self.bad_since:
            return GOOD
        by_chance = self.chance if day.month == self.bad_since.month else 0.0
        return self.bad + by_chance + self.per_item * (items - 10)

    def watched(self, items: float) -> float:
        return 0.8 + self.watched_per_item * (items - 10)


BETTER = Story(per_item=0.01)
NO_BETTER = Story()
WORSE = Story(per_item=-0.01)
# better scores, but nobody watches the video any more
BORING = Story(per_item=0.01, watched_per_item=-0.04)
# always a little under the target of 80%, and in April so far that an alert fires
NOISE = Story(bad=0.79, chance=-0.06)


@dataclass
class Platform:
    """The learning platform: it reads the values in force when a webhook tells it to."""

    client: Client
    sink: Sink
    channel: Channel
    items: float = 10.0
    etag: str = ""
    heard: int = 0
    statuses: list[int] = field(default_factory=list)

    def reads(self) -> int:
        """Ask for the values of the weak module, with the tag of the last answer."""
        of, module = WEAK
        headers = {"If-None-Match": self.etag} if self.etag else {}
        answer = self.client.get(EFFECTIVE, {"course": of, "module": module}, headers=headers)
        if answer.status_code == 200:
            values = {one["key"]: one["value"] for one in answer.json()["parameters"]}
            self.items, self.etag = float(values[ITEMS]), answer["ETag"]
        self.statuses.append(answer.status_code)
        return answer.status_code

    def hears(self) -> list[Event]:
        """Return what the webhook was told since the last time, and read the values anew."""
        new = self.sink.posts[self.heard :]
        for headers, body in new:
            expected = signature(self.channel.secret, headers["X-KPI-Timestamp"], body)
            assert headers["X-KPI-Signature"] == expected
        bodies = [self.sink.body(at) for at in range(self.heard, len(self.sink.posts))]
        self.heard = len(self.sink.posts)
        if bodies:
            self.reads()
        return bodies


@dataclass
class Year:
    """The year so far: `now` is the product's time, and events up to it have been sent."""

    story: Story
    platform: Platform
    per_day: int
    courses: tuple[str, ...]
    now: datetime = BEGIN
    sent_until: date = FIRST

    def lives_until(self, day: date) -> None:
        """Let the learners learn up to the morning of a day; their events arrive every week."""
        while self.sent_until < day:
            until = min(self.sent_until + WEEK, day)
            days = [self.sent_until + DAY * at for at in range((until - self.sent_until).days)]
            self.now = datetime.combine(until, time(), UTC)
            batch = [event for one in days for event in self._events(one)]
            assert {one.status for one in receive(batch, LMS, now=self.now)} == {"accepted"}
            self.sent_until = until
        self.now = datetime.combine(day, time(12), UTC)
        # PostgreSQL learns too late what a test has added, and then queries take minutes
        query_planner.analyze_all()

    def closes(self, month: int) -> None:
        """Live until the month has closed, and run the cycle."""
        self.cycles_on(closing_day(month))

    def cycles_on(self, day: date) -> None:
        """Live until a day, and run the cycle at noon."""
        self.lives_until(day)
        cycle.run(self.now)

    def delivers(self) -> list[Event]:
        """Deliver what waits in the outbox; return what the platform heard."""
        while DeliveryRun(clock=timezone.now).deliver():
            pass
        return self.platform.hears()

    def _events(self, day: date) -> Iterator[Event]:
        for key in self.courses:
            # the same learners do the same in every story, but for what differs
            chance = Random(f"{key} {day}")  # noqa: S311
            for number in range(self.per_day):
                yield from self._study(key, day, number, chance)

    def _study(self, key: str, day: date, number: int, chance: Random) -> Iterator[Event]:
        person = f"{key}-{day:%m%d}-{number}"
        who = {"learner": person, "course": key, "run": "r1"}
        yield _event("enrollment.started", person, day, 1, **who)
        luck = (chance.gauss(0, SPREAD), chance.gauss(0, SPREAD), chance.gauss(0, SPREAD))
        level, watched = GOOD, 0.8
        yield _event(
            "assessment.graded",
            f"{person}-1",
            day,
            2,
            **who,
            module="m1",
            object="exam-1",
            value=_share(level + luck[0]),
        )
        if (key, "m2") == WEAK:
            items = self.platform.items
            level, watched = self.story.level(day, items), self.story.watched(items)
        yield _event(
            "video.watched",
            f"{person}-film",
            day,
            3,
            **who,
            module="m2",
            object="film",
            data={"segments": [[0, round(FILM * _share(watched + luck[2]))]], "duration": FILM},
        )
        yield _event(
            "assessment.graded",
            f"{person}-2",
            day,
            4,
            **who,
            module="m2",
            object="exam-2",
            value=_share(level + luck[1]),
        )


def _share(value: float) -> float:
    return round(min(max(value, 0.01), 1.0), 2)


def _event(kind: str, key: str, day: date, hour: int, **fields: Any) -> Event:
    at = datetime.combine(day, time(8 + hour), UTC)
    return {"id": f"{kind}-{key}", "kind": kind, "occurred_at": at.isoformat(), **fields}


def closing_day(month: int) -> date:
    """Return the fifth of the next month."""
    return date(2026 + month // 12, month % 12 + 1, 5)


@contextmanager
def school_year(
    story: Story, *, per_day: int = 2, courses: tuple[str, ...] = COURSES, **rule: Any
) -> Iterator[Year]:
    """Begin a year with courses, a rule for weak modules, and a platform that listens."""
    with hook_sink() as sink, pytest.MonkeyPatch.context() as patched:
        for key in REGISTRY.keys() - {SCORES, VIDEO, ENROLLMENT}:
            patched.delitem(REGISTRY, key)
        with patch("django.utils.timezone.now", return_value=BEGIN):
            _prepare(courses, **rule)
            channel = only_channel(
                "webhook", sink.url, gets_alerts=False, gets_parameter_changes=True
            )
            _, secret = create_api_key("platform", ["curriculum:read"])
        client = Client(headers={"Authorization": f"Bearer {secret}"})
        year = Year(story, Platform(client, sink, channel), per_day, courses)
        with patch("django.utils.timezone.now", side_effect=lambda: year.now):
            yield year


def _prepare(courses: tuple[str, ...], **rule: Any) -> None:
    for key in courses:
        run_of(course(key, modules=2))
    watches = AlertRule.objects.create(
        kpi=SCORES, name="Weak modules", each=AlertRule.Each.MODULE, patience=1
    )
    given = {"name": "More practice", "parameter_key": ITEMS, "steps": 2, "guard_kpis": [VIDEO]}
    AdjustmentRule.objects.create(alert_rule=watches, **given | rule)


def proposal() -> Adjustment:
    """Return the one adjustment of the year, as it is now."""
    return Adjustment.objects.get()


def measured_effect() -> EffectResult:
    """Return the stored effect of the year's adjustment."""
    stored = proposal().effect
    assert stored
    return EffectResult.from_json(stored)
