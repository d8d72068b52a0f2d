"""Add monthly memberships of graduates, and the churn of each month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from demo.business.customers import BOUGHT, LEARNER_ONLY, PAID, Holding, Holdings
from demo.business.purchases import FOREIGN, PRICE, dollars, refund_imbalances
from demo.world.calendar import add_months, last_day, month_of
from demo.world.journeys import Journey
from demo.world.monthly_targets import MonthlyTargets
from demo.world.seeded_random import seeded_random

FEE = 25
EXACT_MONTHS = 3  # months before the last closed one whose target is met exactly
PAUSE_RATE, NOISE, MAX_CHURN_SHARE = 0.05, 0.06, 0.3
# the days of a month on which fees are due; pauses change before them, cancellations after
FIRST_DUE, LAST_DUE = 5, 24
LAPSE_DAYS = 21
DAY = timedelta(days=1)


@dataclass
class Member:
    holding: Holding
    due_day: int
    paused_until: date | None = None

    def is_paused_in(self, month: date) -> bool:
        return self.paused_until is not None and self.paused_until > month


class Memberships:
    """Adds the members who join, pay, pause and leave, month by month."""

    def __init__(
        self, journeys: Sequence[Journey], holdings: Holdings, targets: MonthlyTargets
    ) -> None:
        self.targets = targets
        self.holdings = holdings
        self.members: list[Member] = []
        self.joined: set[str] = set()
        self.refund_imbalance = refund_imbalances([one for one in journeys if one.is_cancelled])
        self.graduates: dict[date, list[Journey]] = defaultdict(list)
        self.starts: dict[date, int] = defaultdict(int)
        for journey in journeys:
            if journey.counts:
                self.starts[month_of(journey.start)] += 1
                if journey.done:
                    self.graduates[month_of(journey.done)].append(journey)
        self.abandoned = [
            (_abandoned_on(one.journey), one)
            for some in holdings.by_customer.values()
            for one in some
            if one.end is None
        ]

    def run(self) -> None:
        for month in self.targets.calendar.months():
            rng = seeded_random(self.targets.seed, "members", month)
            self._collect(month, rng)
            self._add_churn(month, rng)

    def _collect(self, month: date, rng: Random) -> None:
        """Add the month's payments, with graduates joining until enough members pay."""
        self._pause(month, rng)
        paying = [one for one in self.members if not one.is_paused_in(month)]
        wanted = self._paying_count(month, rng)
        for one in paying[wanted:]:
            _pause(one, month, rng)
        for one in paying[:wanted]:
            _pay(one, month)
        candidates = [one for one in self.graduates[add_months(month, -1)] if self._may_join(one)]
        for journey in rng.sample(candidates, max(0, min(wanted - len(paying), len(candidates)))):
            self._join(journey, month, rng)

    def _paying_count(self, month: date, rng: Random) -> int:
        """The number of paying members that balances refunds and payments in other currencies."""
        exact = FOREIGN.share * self.starts[month]
        if self.targets.calendar.months_ago(month) == 0:
            per_course = PRICE // FEE
            return max(per_course * round(exact), per_course * self.refund_imbalance[month])
        return round(exact * PRICE / FEE * rng.uniform(1 - NOISE, 1))

    def _pause(self, month: date, rng: Random) -> None:
        for one in self.members:
            if not one.is_paused_in(month) and rng.random() < PAUSE_RATE:
                _pause(one, month, rng)

    def _may_join(self, journey: Journey) -> bool:
        return journey.learner.key not in self.joined

    def _join(self, journey: Journey, month: date, rng: Random) -> None:
        due_day = rng.randint(FIRST_DUE, LAST_DUE)
        key = f"member-{journey.learner.key}"
        day = month.replace(day=due_day)
        member = Member(Holding(journey, key, day, names=LEARNER_ONLY), due_day)
        self.holdings.add(member.holding)
        self.members.append(member)
        self.joined.add(journey.learner.key)
        member.holding.add_event(
            day, BOUGHT, "subscription.started", kind="subscription", plan="member"
        )
        _pay(member, month)

    def _add_churn(self, month: date, rng: Random) -> None:
        """Let all but the target share of the month's first customers leave."""
        customers = self.holdings.active_at(month)
        wanted = round((1 - self.targets.share("retention", month)) * len(customers))
        self._cancel_abandoned(month, wanted - self.holdings.lost(month, customers), rng)
        missing = wanted - self.holdings.lost(month, customers)
        candidates = [one for one in self.members if self._may_cancel(one, month)]
        is_exact = self.targets.calendar.months_ago(month) <= EXACT_MONTHS
        most = len(candidates) if is_exact else round(MAX_CHURN_SHARE * len(candidates))
        for one in rng.sample(candidates, max(0, min(missing, most))):
            due = month.replace(day=one.due_day)
            one.holding.cancel(due + rng.randint(1, (last_day(month) - due).days) * DAY)
            self.members.remove(one)

    def _may_cancel(self, one: Member, month: date) -> bool:
        is_free = one.holding.begin < month and not one.is_paused_in(month)
        others = self.holdings.by_customer[one.holding.customer]
        return is_free and not any(
            _outlasts(other, month) for other in others if other is not one.holding
        )

    def _cancel_abandoned(self, month: date, count: int, rng: Random) -> None:
        """Cancel for customers who had given up their course, the earliest first."""
        end = last_day(month)
        ready = [pair for pair in self.abandoned if pair[0] <= end and pair[1].begin < month]
        for free, holding in sorted(ready, key=lambda pair: pair[0])[: max(0, count)]:
            days = (end - max(free, month)).days
            is_withdrawn = holding.journey.left == free and free >= month
            holding.cancel(free if is_withdrawn else end - rng.randint(0, days) * DAY)
            self.abandoned.remove((free, holding))


def _outlasts(holding: Holding, month: date) -> bool:
    return holding.end is None or holding.end >= month


def _abandoned_on(journey: Journey) -> date:
    """The day from which a learner who gave up may cancel; date.max for one who finishes."""
    if journey.finishes:
        return date.max
    days = [day for step in journey.steps for day in (step.begun, step.done) if day]
    return journey.left or max(days, default=journey.start) + LAPSE_DAYS * DAY


def _pause(one: Member, month: date, rng: Random) -> None:
    begin = month + rng.randrange(FIRST_DUE - 1) * DAY
    until = add_months(month, rng.choice([1, 1, 2])) + rng.randrange(FIRST_DUE - 1) * DAY
    one.paused_until = month_of(until)
    one.holding.add_event(begin, BOUGHT, "subscription.paused")
    one.holding.add_event(until, BOUGHT, "subscription.resumed")


def _pay(one: Member, month: date) -> None:
    day = month.replace(day=one.due_day)
    one.holding.add_event(day, PAID, "payment.received", **dollars(FEE))
