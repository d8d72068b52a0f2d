"""The generated events about outcomes and business, checked without a database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.test import override_settings

from demo import dataset
from demo.dataset import Dataset
from demo.event_factory import Raw
from demo.world.calendar import Calendar, add_months, last_day, month_of
from kpis.definitions.periods import local_day

DAYS = (
    ("2026-11-22", "UTC"),
    ("2027-01-01", "America/New_York"),
    ("2028-02-29", "Europe/Berlin"),
    ("2027-03-31", "Pacific/Auckland"),
    ("2026-01-15", "Asia/Kolkata"),
)
# what a rounded percentage does not show
SHOWN = 0.00499


class EventsByMonth:
    """The events of a dataset by kind and month."""

    def __init__(self, day: str, zone: str) -> None:
        self.calendar = Calendar(date.fromisoformat(day), ZoneInfo(zone))
        self.dataset: Dataset = dataset.generate(self.calendar)
        self.by_kind: dict[str, list[Raw]] = defaultdict(list)
        for one in self.dataset.events:
            self.by_kind[one["kind"]].append(one)

    @property
    def month(self) -> date:
        return self.calendar.last_closed

    def day(self, event: Raw) -> date:
        return local_day(datetime.fromisoformat(event["occurred_at"]), self.calendar.zone)

    def of(self, kind: str, month: date) -> Iterator[Raw]:
        return (one for one in self.by_kind[kind] if month_of(self.day(one)) == month)


@pytest.fixture(scope="module", params=DAYS, ids=lambda pair: pair[0])
def events(request: pytest.FixtureRequest) -> Iterator[EventsByMonth]:
    day, zone = request.param
    with override_settings(KPI_TIME_ZONE=zone):
        yield EventsByMonth(day, zone)


@pytest.mark.once
def test_outcomes_and_growth_meet_their_targets_on_any_day(events: EventsByMonth) -> None:
    month = events.month

    assert attainment(events, month) == pytest.approx(0.82, abs=SHOWN)
    assert certification(events, month) == pytest.approx(0.75, abs=SHOWN)
    assert net_promoters(events, month) == pytest.approx(0.72, abs=SHOWN)
    assert content(events, month) == pytest.approx(0.88, abs=SHOWN)
    assert impact(events, month) == pytest.approx(0.68, abs=SHOWN)
    assert referred(events, month) == pytest.approx(0.35, abs=SHOWN)
    assert retained(events, month) == pytest.approx(0.89, abs=SHOWN)
    assert booked(events, month)["USD"] == 195 * 250
    assert booked(events, month)["EUR"] > 0


@pytest.mark.once
def test_retention_and_referrals_rise_for_four_months(events: EventsByMonth) -> None:
    months = [add_months(events.month, -ago) for ago in (3, 2, 1, 0)]
    kept = [round(retained(events, month), 3) for month in months]
    came = [round(referred(events, month), 3) for month in months]

    assert kept == sorted(set(kept))
    assert came == sorted(set(came))


@pytest.mark.once
def test_enough_learners_answer_for_an_nps(events: EventsByMonth) -> None:
    months = [add_months(events.month, -ago) for ago in range(4)]

    assert all(len(ratings(events, month, "nps")) >= 60 for month in months)


@pytest.mark.once
def test_only_answers_with_a_comment_are_quotable(events: EventsByMonth) -> None:
    answers = [one["data"] for one in events.by_kind["survey.answered"]]
    quoted = [one for one in answers if one.get("may_quote")]

    assert quoted
    assert all(one["comment"] for one in quoted)
    assert {"de", "es", "en"} <= {one.get("language") for one in answers}


@pytest.mark.once
def test_nobody_refers_themselves(events: EventsByMonth) -> None:
    owners = {one["data"]["code"]: one["learner"] for one in events.by_kind["invitation.sent"]}

    assert all(owners[code] != pair.split("/")[0] for pair, code in codes(events).items())


def attainment(events: EventsByMonth, month: date) -> float:
    scores = {
        (one["learner"], one["object"]): one["value"]
        for one in events.of("skill.assessed", month)
        if one["data"]["stage"] == "post"
    }
    return share([score >= 0.8 for score in scores.values()])


def certification(events: EventsByMonth, month: date) -> float:
    due = [
        one
        for one in events.dataset.journeys
        if one.counts and one.track == "certificate" and one.due and month_of(one.due) == month
    ]
    kinds = [
        {activity.kind for activity in one.activities if activity.day <= last_day(month)}
        for one in due
    ]
    return share([{"certificate.earned"} == some & PAPERS for some in kinds])


PAPERS = {"certificate.earned", "certificate.revoked"}


def ratings(events: EventsByMonth, month: date, question: str) -> list[int]:
    answers = (one["data"] for one in events.of("survey.answered", month))
    return [one[question] for one in answers if question in one]


def net_promoters(events: EventsByMonth, month: date) -> float:
    answers = ratings(events, month, "nps")
    return share([one > 8 for one in answers]) - share([one < 7 for one in answers])


def content(events: EventsByMonth, month: date) -> float:
    return share([one > 3 for one in ratings(events, month, "csat")])


def impact(events: EventsByMonth, month: date) -> float:
    answers: dict[str, bool] = defaultdict(bool)
    for one in events.of("survey.answered", month):
        if "career" in one["data"]:
            answers[one["learner"]] |= bool(one["data"]["career"])
    return share(list(answers.values()))


def referred(events: EventsByMonth, month: date) -> float:
    came = codes(events)
    started = [
        one for one in events.dataset.journeys if one.counts and month_of(one.start) == month
    ]
    return share([f"{one.learner.key}/{one.run.course.key}" in came for one in started])


def codes(events: EventsByMonth) -> dict[str, str]:
    """The referral codes of enrollments, by learner and course."""
    by_word = {key(one): one["data"]["code"] for one in events.by_kind["referral.accepted"]}
    started = events.by_kind["enrollment.started"]
    at_once = {key(one): one["data"].get("referral_code") for one in started}
    return by_word | {pair: code for pair, code in at_once.items() if code}


def key(event: Raw) -> str:
    return f"{event['learner']}/{event['course']}"


def booked(events: EventsByMonth, month: date) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for kind, sign in (("payment.received", 1), ("payment.refunded", -1)):
        for one in events.of(kind, month):
            sums[one["data"]["currency"]] += sign * Decimal(one["data"]["amount"])
    return sums


def retained(events: EventsByMonth, month: date) -> float:
    """The share of a month's first customers who stay until its end or finish in it."""
    held: dict[str, dict[str, date]] = defaultdict(dict)
    owner: dict[str, str] = {}
    for kind in ("started", "finished", "cancelled"):
        for one in events.by_kind[f"subscription.{kind}"]:
            held[one["data"]["subscription"]][kind] = events.day(one)
            owner.setdefault(one["data"]["subscription"], customer(one))
    there = {owner[name] for name, days in held.items() if active(days, month)}
    stay = {owner[name] for name, days in held.items() if active(days, add_months(month, 1))}
    done = {
        owner[name]
        for name, days in held.items()
        if "finished" in days and month_of(days["finished"]) == month
    }
    return share([one in stay | done for one in there])


def customer(event: Raw) -> str:
    return str(event["data"].get("customer", {}).get("key") or event["learner"])


def active(days: dict[str, date], day: date) -> bool:
    """True when the customer holds anything at the start of the day."""
    end = days.get("finished") or days.get("cancelled") or date.max
    return days["started"] < day <= end


def share(claims: list[bool]) -> float:
    return sum(claims) / len(claims)
