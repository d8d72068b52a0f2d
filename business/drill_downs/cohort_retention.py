from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from business.drill_downs.customer_scope import bought
from business.indicators import RETENTION
from business.models import Subscription
from kpis.definitions.aggregates import Scope
from kpis.definitions.periods import Period, containing, local_day
from kpis.definitions.registry import Column, Table, drill_down
from kpis.definitions.units import COUNT, PERCENT, TEXT
from kpis.statistics.shares_and_medians import share

# as many months as the period has, but no fewer and no more than these
FEWEST, MOST = 13, 60

# from, to (None: it goes on), how it ended
Held = tuple[datetime, datetime | None, str]


@drill_down(RETENTION, "cohorts", "Cohorts")
def cohorts(when: Period, scope: Scope) -> Table:
    """Customers by the month of their first purchase, and what share of them is still there so
    many months later: active at that month's end, or gone by finishing alone. 0 is the month of
    the purchase. Months that are not over by the period's end stay empty; a period of more than
    thirteen months shows all of its months."""
    months = _months(when)
    ages = range(len(months))
    found = _cohorts(when, scope, months)
    rows = [
        {"cohort": month.label, "customers": len(some), "learners": len(some)}
        | {f"m{at}": _kept(some, months, first + at, when.end) for at in ages}
        for first, month in enumerate(months)
        if (some := found[month])
    ]
    columns = (
        Column("cohort", "First purchase", TEXT),
        Column("customers", "Customers", COUNT),
        *(Column(f"m{at}", str(at), PERCENT) for at in ages),
    )
    return Table(columns, rows)


def _months(when: Period) -> list[Period]:
    """The months of the period or, of a shorter one, the last thirteen up to its end."""
    found = [containing(when.last, "month", when.zone)]
    while len(found) < FEWEST or (found[-1].first > when.first and len(found) < MOST):
        found.append(found[-1].previous)
    return found[::-1]


def _cohorts(
    when: Period, scope: Scope, months: Sequence[Period]
) -> dict[Period, list[list[Held]]]:
    """What each customer held, under the month of the first of it."""
    mine = Subscription.objects.counted().filter(bought(scope), started_at__lt=when.end)
    held: dict[int, list[Held]] = defaultdict(list)
    for customer, begun, ended, how in mine.order_by("started_at").values_list(
        "customer", "started_at", "ended_at", "ended_by"
    ):
        held[customer].append((begun, ended, how))
    found: dict[Period, list[list[Held]]] = {month: [] for month in months}
    for some in held.values():
        month = containing(local_day(some[0][0], when.zone), "month", when.zone)
        if month in found:
            found[month].append(some)
    return found


def _kept(
    customers: Sequence[Sequence[Held]], months: Sequence[Period], at: int, until: datetime
) -> float | None:
    """None where that month is not over."""
    if at >= len(months) or months[at].whole_end > until:
        return None
    end = months[at].whole_end
    return share(sum(1 for held in customers if _is_there(held, end)), len(customers))


def _is_there(held: Sequence[Held], at: datetime) -> bool:
    """Active then, or last gone by finishing."""
    begun = [one for one in held if one[0] < at]
    if any(ended is None or ended >= at for _, ended, _ in begun):
        return True
    last = max(begun, key=lambda one: one[1] or at)
    return last[2] == Subscription.Ended.FINISHED
