"""Graduates who stay as members for a monthly fee, and the customers that a month loses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from demo.business.customers import BOUGHT, LEARNER_ONLY, PAID, Holding, Ledger
from demo.business.purchases import ABROAD, PRICE, carried_over, dollars
from demo.world.calendar import after, last_day, month_of
from demo.world.journeys import Journey
from demo.world.monthly_targets import MonthlyTargets
from demo.world.seeded_random import seeded_random

FEE = 25
SHOWN = 3  # months before the last closed one that come out as aimed whatever it takes
PAUSES, UNREST, MOST_LEAVE = 0.05, 0.06, 0.3
# fees are due on these days of a month; pauses begin and end before, cancellations come after
FIRST_DUE, LAST_DUE = 5, 24
LAPSES_AFTER = 21
DAY = timedelta(days=1)


@dataclass
class Member:
    holding: Holding
    due_day: int
    paused_until: date | None = None

    def is_paused_in(self, month: date) -> bool:
        return self.paused_until is not None and self.paused_until > month


class Memberships:
    """Goes through the months: who joins, pays, pauses, and who is lost."""

    def __init__(self, journeys: Sequence[Journey], ledger: Ledger, aims: MonthlyTargets) -> None:
        self.aims = aims
        self.ledger = ledger
        self.members: list[Member] = []
        self.joined: set[str] = set()
        self.carried = carried_over([one for one in journeys if one.is_cancelled])
        self.graduates: dict[date, list[Journey]] = defaultdict(list)
        self.starts: dict[date, int] = defaultdict(int)
        for journey in journeys:
            if journey.counts:
                self.starts[month_of(journey.start)] += 1
                if journey.done:
                    self.graduates[month_of(journey.done)].append(journey)
        self.given_up = [
            (_gave_up_on(one.journey), one)
            for some in ledger.holdings.values()
            for one in some
            if one.end is None
        ]

    def run(self) -> None:
        for month in self.aims.calendar.months():
            chance = seeded_random(self.aims.seed, "members", month)
            self._collect(month, chance)
            self._lose(month, chance)

    def _collect(self, month: date, chance: Random) -> None:
        """Collect the month's fees; the number of those who pay is given."""
        self._pause(month, chance)
        paying = [one for one in self.members if not one.is_paused_in(month)]
        wanted = self._paying(month, chance)
        for one in paying[wanted:]:
            _pause(one, month, chance)
        for one in paying[:wanted]:
            _pay(one, month)
        able = [one for one in self.graduates[after(month, -1)] if self._may_join(one)]
        for journey in chance.sample(able, max(0, min(wanted - len(paying), len(able)))):
            self._join(journey, month, chance)

    def _paying(self, month: date, chance: Random) -> int:
        """As many as make up for what is paid in another currency or refunded from before."""
        exact = ABROAD.share * self.starts[month]
        if self.aims.calendar.months_ago(month) == 0:
            per_course = PRICE // FEE
            return max(per_course * round(exact), per_course * self.carried[month])
        return round(exact * PRICE / FEE * chance.uniform(1 - UNREST, 1))

    def _pause(self, month: date, chance: Random) -> None:
        for one in self.members:
            if not one.is_paused_in(month) and chance.random() < PAUSES:
                _pause(one, month, chance)

    def _may_join(self, journey: Journey) -> bool:
        return journey.learner.key not in self.joined

    def _join(self, journey: Journey, month: date, chance: Random) -> None:
        due_day = chance.randint(FIRST_DUE, LAST_DUE)
        key = f"member-{journey.learner.key}"
        day = month.replace(day=due_day)
        member = Member(Holding(journey, key, day, names=LEARNER_ONLY), due_day)
        self.ledger.add(member.holding)
        self.members.append(member)
        self.joined.add(journey.learner.key)
        member.holding.tell(day, BOUGHT, "subscription.started", kind="subscription", plan="member")
        _pay(member, month)

    def _lose(self, month: date, chance: Random) -> None:
        """Have of those who were customers at the month's start the aimed share stay."""
        there = self.ledger.active_at(month)
        wanted = round((1 - self.aims.share("retention", month)) * len(there))
        self._let_go(month, wanted - self.ledger.lost(month, there), chance)
        missing = wanted - self.ledger.lost(month, there)
        able = [one for one in self.members if self._may_cancel(one, month)]
        is_told_of = self.aims.calendar.months_ago(month) <= SHOWN
        most = len(able) if is_told_of else round(MOST_LEAVE * len(able))
        for one in chance.sample(able, max(0, min(missing, most))):
            due = month.replace(day=one.due_day)
            one.holding.cancel(due + chance.randint(1, (last_day(month) - due).days) * DAY)
            self.members.remove(one)

    def _may_cancel(self, one: Member, month: date) -> bool:
        is_free = one.holding.begin < month and not one.is_paused_in(month)
        others = self.ledger.holdings[one.holding.customer]
        return is_free and not any(
            _outlasts(other, month) for other in others if other is not one.holding
        )

    def _let_go(self, month: date, count: int, chance: Random) -> None:
        """Cancel for those who gave up their course before, the first of them first."""
        end = last_day(month)
        ready = [pair for pair in self.given_up if pair[0] <= end and pair[1].begin < month]
        for free, holding in sorted(ready, key=lambda pair: pair[0])[: max(0, count)]:
            days = (end - max(free, month)).days
            is_withdrawn = holding.journey.left == free and free >= month
            holding.cancel(free if is_withdrawn else end - chance.randint(0, days) * DAY)
            self.given_up.remove((free, holding))


def _outlasts(holding: Holding, month: date) -> bool:
    return holding.end is None or holding.end >= month


def _gave_up_on(journey: Journey) -> date:
    """The day from which somebody may cancel who does not finish; the last one of all: never."""
    if journey.finishes:
        return date.max
    days = [day for line in journey.lines for day in (line.begun, line.done) if day]
    return journey.left or max(days, default=journey.start) + LAPSES_AFTER * DAY


def _pause(one: Member, month: date, chance: Random) -> None:
    begin = month + chance.randrange(FIRST_DUE - 1) * DAY
    until = after(month, chance.choice([1, 1, 2])) + chance.randrange(FIRST_DUE - 1) * DAY
    one.paused_until = month_of(until)
    one.holding.tell(begin, BOUGHT, "subscription.paused")
    one.holding.tell(until, BOUGHT, "subscription.resumed")


def _pay(one: Member, month: date) -> None:
    day = month.replace(day=one.due_day)
    one.holding.tell(day, PAID, "payment.received", **dollars(FEE))
