"""What customers hold, and which of them a month loses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from demo.world.calendar import after, month_of
from demo.world.journeys import Act, Journey

LEARNER_ONLY = ("learner",)
# within a day: bought before anything is learnt, ended after everything
BOUGHT, PAID, ENDED = -11.0, -10.0, 400.0


@dataclass
class Holding:
    """A purchase or a subscription, from the day it begins to the one on which it ends."""

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
        """Hold it in the first moment of the day."""
        return self.begin < day and (self.end is None or self.end >= day)

    def finish(self, day: date) -> None:
        self.end, self.is_finished = day, True
        self.tell(day, ENDED, "subscription.finished")

    def cancel(self, day: date) -> None:
        self.end = day
        self.tell(day, ENDED, "subscription.cancelled")

    def tell(self, day: date, place: float, event: str, /, **said: str) -> None:
        data = {"subscription": self.key, **said}
        self.journey.acts.append(Act(day, place, event, data=data, names=self.names))


@dataclass
class Ledger:
    """All holdings, by customer."""

    holdings: dict[str, list[Holding]] = field(default_factory=lambda: defaultdict(list))

    def add(self, holding: Holding) -> Holding:
        self.holdings[holding.customer].append(holding)
        return holding

    def active_at(self, day: date) -> list[str]:
        return [
            customer
            for customer, some in self.holdings.items()
            if any(one.active_at(day) for one in some)
        ]

    def is_lost_in(self, month: date, customer: str) -> bool:
        """Whether who was there at its start is not at its end, and has finished nothing."""
        return not any(
            one.active_at(after(month, 1)) or _finishes_in(month, one)
            for one in self.holdings[customer]
        )

    def lost(self, month: date, customers: Iterable[str]) -> int:
        return sum(self.is_lost_in(month, one) for one in customers)

    def of_one_only(self, holding: Holding) -> bool:
        """Whether its customer holds nothing else now or from now on."""
        others = [one for one in self.holdings[holding.customer] if one is not holding]
        return not any(one.end is None or one.end >= month_of(holding.begin) for one in others)


def _finishes_in(month: date, holding: Holding) -> bool:
    return bool(holding.is_finished and holding.end and month_of(holding.end) == month)
