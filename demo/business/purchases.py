"""Who pays for what: learners buy their course, organisations pay for seats."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from curriculum.models import Learner
from demo.business.customers import BOUGHT, ENDED, PAID, Holding, Ledger
from demo.world.calendar import month_of
from demo.world.journeys import Act, Journey
from demo.world.monthly_targets import MonthlyTargets
from demo.world.seeded_random import seeded_random

PRICE = 250
Months = dict[date, list[Journey]]


@dataclass(frozen=True)
class Organisation:
    key: str
    name: str
    seats: int
    amount: str
    currency: str
    share: float  # of the starts of a month
    since: int  # months before the last closed one

    def customer(self) -> dict[str, Any]:
        kept = {"key": self.key, "name": self.name, "seats": self.seats}
        return kept | {"kind": "organisation"}


AT_HOME = Organisation("harbour-pine", "Harbour & Pine Ltd", 40, "250.00", "USD", 0.02, 8)
ABROAD = Organisation("lindenhof", "Lindenhof Werke GmbH", 90, "230.00", "EUR", 0.06, 9)


def buy(journeys: Sequence[Journey], aims: MonthlyTargets) -> Ledger:
    """Write purchases, payments and refunds; who gives up still holds the course then."""
    buyers = [one for one in journeys if one.learner.kind == Learner.Kind.LEARNER]
    seated = _seats(buyers, aims)
    ledger = Ledger()
    for number, journey in enumerate(buyers):
        if id(journey) not in seated:
            _buy(journey, f"course-{number + 1:05}", ledger, aims)
    return ledger


def _buy(journey: Journey, key: str, ledger: Ledger, aims: MonthlyTargets) -> None:
    holding = ledger.add(Holding(journey, key, aims.calendar.day_of(journey.enrolled_at)))
    holding.tell(holding.begin, BOUGHT, "subscription.started", kind="purchase", plan="course")
    payment = f"payment-{key}"
    holding.tell(journey.start, PAID, "payment.received", payment=payment, **dollars(PRICE))
    if journey.is_cancelled and journey.left:
        holding.cancel(journey.left)
        data = {"payment": payment, **dollars(PRICE)}
        journey.acts.append(Act(journey.left, ENDED + 1, "payment.refunded", data=data))
    elif journey.done:
        holding.finish(journey.done)


def dollars(amount: int) -> dict[str, str]:
    return {"amount": f"{amount}.00", "currency": "USD"}


def _seats(buyers: Sequence[Journey], aims: MonthlyTargets) -> set[int]:
    """Seat some learners of each month; their ids are those of their journeys."""
    by_month: Months = defaultdict(list)
    for journey in buyers:
        if journey.counts:
            by_month[month_of(journey.start)].append(journey)
    carried = carried_over(buyers)
    seated: set[int] = set()
    for one in (AT_HOME, ABROAD):
        chosen = list(_seated_by(one, by_month, carried, aims, seated))
        seated |= {id(journey) for journey in chosen}
        _pay_for(one, chosen, aims)
    return seated


def _seated_by(
    one: Organisation,
    by_month: Months,
    carried: Counter[date],
    aims: MonthlyTargets,
    taken: set[int],
) -> Iterator[Journey]:
    for month, started in sorted(by_month.items()):
        if aims.calendar.months_ago(month) <= one.since:
            free = [journey for journey in started if id(journey) not in taken]
            count = round(one.share * len(started))
            if one is ABROAD:
                # with the members' fees they make up for it: see memberships.py
                count = max(0, count - carried[month])
            yield from seeded_random(aims.seed, one.key, month).sample(free, min(count, len(free)))


def carried_over(buyers: Sequence[Journey]) -> Counter[date]:
    """By how many refunds of a month more belong to payments of another than the other way."""
    carried: Counter[date] = Counter()
    for journey in buyers:
        if journey.is_cancelled and journey.left:
            carried[month_of(journey.left)] += 1
            carried[month_of(journey.start)] -= 1
    return carried


def _pay_for(one: Organisation, journeys: Sequence[Journey], aims: MonthlyTargets) -> None:
    customer = one.customer()
    paid = {"amount": one.amount, "currency": one.currency, "customer": customer}
    contract = {"subscription": f"team-{one.key}", "customer": customer}
    terms = {"kind": "subscription", "plan": "team"}
    first = min(journeys, key=lambda journey: journey.start, default=None)
    if first:
        act = Act(first.start, BOUGHT, "subscription.started", data=contract | terms, names=())
        first.acts.append(act)
    for journey in journeys:
        journey.acts.append(Act(journey.start, PAID, "payment.received", data=contract | paid))
