"""The purchases and subscriptions of customers, and which customers leave in a month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from demo.world.calendar import add_months, month_of
from demo.world.journeys import Activity, Journey

LEARNER_ONLY = ("learner",)
# order within a day: purchases come before learning, cancellations after it
BOUGHT, PAID, ENDED = -11.0, -10.0, 400.0


@dataclass
class Holding:
    """A purchase or subscription of a customer, from its first day to its last."""

    journey: Journey
    key: str
    begin: date
    end: date | None = None
    is_finished: bool = False
    names: tuple[str, ...] = ("learner", "course", "run")

    @property
    def customer(self) -> str:
        return self.journey.learner.key

    def active_at(self, day: date) -> bool:
        """True when it is held at the start of the day."""
        return self.begin < day and (self.end is None or self.end >= day)

    def finish(self, day: date) -> None:
        self.end, self.is_finished = day, True
        self.add_event(day, ENDED, "subscription.finished")

    def cancel(self, day: date) -> None:
        self.end = day
        self.add_event(day, ENDED, "subscription.cancelled")

    def add_event(self, day: date, order: float, event: str, /, **details: str) -> None:
        data = {"subscription": self.key, **details}
        self.journey.activities.append(Activity(day, order, event, data=data, names=self.names))


@dataclass
class Holdings:
    """The holdings of all customers."""

    by_customer: dict[str, list[Holding]] = field(default_factory=lambda: defaultdict(list))

    def add(self, holding: Holding) -> Holding:
        self.by_customer[holding.customer].append(holding)
        return holding

    def active_at(self, day: date) -> list[str]:
        return [
            customer
            for customer, some in self.by_customer.items()
            if any(one.active_at(day) for one in some)
        ]

    def is_lost_in(self, month: date, customer: str) -> bool:
        """True when the customer has left by the month's end and finished nothing in it."""
        return not any(
            one.active_at(add_months(month, 1)) or _finishes_in(month, one)
            for one in self.by_customer[customer]
        )

    def lost(self, month: date, customers: Iterable[str]) -> int:
        return sum(self.is_lost_in(month, one) for one in customers)


def _finishes_in(month: date, holding: Holding) -> bool:
    return bool(holding.is_finished and holding.end and month_of(holding.end) == month)
