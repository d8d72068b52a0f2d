"""Add payments: learners buy their course, organizations pay for seats."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from curriculum.models import Learner
from demo.business.customers import BOUGHT, ENDED, PAID, Holding, Holdings
from demo.world.calendar import month_of
from demo.world.journeys import Activity, Journey
from demo.world.monthly_targets import MonthlyTargets
from demo.world.seeded_random import seeded_random

PRICE = 250
Months = dict[date, list[Journey]]


@dataclass(frozen=True)
class Organization:
    key: str
    name: str
    seats: int
    amount: str
    currency: str
    share: float  # of a month's enrollments
    since: int  # months before the last closed one

    def customer(self) -> dict[str, Any]:
        kept = {"key": self.key, "name": self.name, "seats": self.seats}
        return kept | {"kind": "organisation"}


DOMESTIC = Organization("harbour-pine", "Harbour & Pine Ltd", 40, "250.00", "USD", 0.02, 8)
FOREIGN = Organization("lindenhof", "Lindenhof Werke GmbH", 90, "230.00", "EUR", 0.06, 9)


def add_purchases(journeys: Sequence[Journey], targets: MonthlyTargets) -> Holdings:
    """Add purchases, payments and refunds, and return what customers hold."""
    buyers = [one for one in journeys if one.learner.kind == Learner.Kind.LEARNER]
    seated = _assign_seats(buyers, targets)
    holdings = Holdings()
    for number, journey in enumerate(buyers):
        if id(journey) not in seated:
            _add_purchase(journey, f"course-{number + 1:05}", holdings, targets)
    return holdings


def _add_purchase(journey: Journey, key: str, holdings: Holdings, targets: MonthlyTargets) -> None:
    holding = holdings.add(Holding(journey, key, targets.calendar.day_of(journey.enrolled_at)))
    holding.add_event(holding.begin, BOUGHT, "subscription.started", kind="purchase", plan="course")
    payment = f"payment-{key}"
    holding.add_event(journey.start, PAID, "payment.received", payment=payment, **dollars(PRICE))
    if journey.is_cancelled and journey.left:
        holding.cancel(journey.left)
        data = {"payment": payment, **dollars(PRICE)}
        journey.activities.append(Activity(journey.left, ENDED + 1, "payment.refunded", data=data))
    elif journey.done:
        holding.finish(journey.done)


def dollars(amount: int) -> dict[str, str]:
    return {"amount": f"{amount}.00", "currency": "USD"}


def _assign_seats(buyers: Sequence[Journey], targets: MonthlyTargets) -> set[int]:
    """Assign seats to some learners of each month, and return the id() of their journeys."""
    by_month: Months = defaultdict(list)
    for journey in buyers:
        if journey.counts:
            by_month[month_of(journey.start)].append(journey)
    imbalances = refund_imbalances(buyers)
    seated: set[int] = set()
    for one in (DOMESTIC, FOREIGN):
        chosen = list(_seats_of(one, by_month, imbalances, targets, seated))
        seated |= {id(journey) for journey in chosen}
        _add_payments(one, chosen, targets)
    return seated


def _seats_of(
    one: Organization,
    by_month: Months,
    imbalances: Counter[date],
    targets: MonthlyTargets,
    taken: set[int],
) -> Iterator[Journey]:
    for month, started in sorted(by_month.items()):
        if targets.calendar.months_ago(month) <= one.since:
            free = [journey for journey in started if id(journey) not in taken]
            count = round(one.share * len(started))
            if one is FOREIGN:
                # balances refunds of earlier months, together with the fees in memberships.py
                count = max(0, count - imbalances[month])
            yield from seeded_random(targets.seed, one.key, month).sample(
                free, min(count, len(free))
            )


def refund_imbalances(buyers: Sequence[Journey]) -> Counter[date]:
    """Count, by month, the refunds made in it minus the refunds of payments from it."""
    imbalances: Counter[date] = Counter()
    for journey in buyers:
        if journey.is_cancelled and journey.left:
            imbalances[month_of(journey.left)] += 1
            imbalances[month_of(journey.start)] -= 1
    return imbalances


def _add_payments(one: Organization, journeys: Sequence[Journey], targets: MonthlyTargets) -> None:
    customer = one.customer()
    paid = {"amount": one.amount, "currency": one.currency, "customer": customer}
    contract = {"subscription": f"team-{one.key}", "customer": customer}
    terms = {"kind": "subscription", "plan": "team"}
    first = min(journeys, key=lambda journey: journey.start, default=None)
    if first:
        activity = Activity(
            first.start, BOUGHT, "subscription.started", data=contract | terms, names=()
        )
        first.activities.append(activity)
    for journey in journeys:
        journey.activities.append(
            Activity(journey.start, PAID, "payment.received", data=contract | paid)
        )
