"""The retention of customers by the month of their first purchase."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from business.drill_downs.scope_filters import purchases_in
from business.indicators import RETENTION
from business.models import Subscription
from kpis.definitions.periods import Period, containing, local_day
from kpis.definitions.registry import Column, Table, drill_down
from kpis.definitions.scopes import Scope
from kpis.definitions.units import COUNT, PERCENT, TEXT
from kpis.statistics.shares_and_medians import share

# months shown: those of the period, but at least and at most so many
FEWEST, MOST = 13, 60

# start, end (None: open) and how it ended
Holding = tuple[datetime, datetime | None, str]


@drill_down(RETENTION, "cohorts", _("Cohorts"))
def cohorts(when: Period, scope: Scope) -> Table:
    """How many customers stay, by the month of their first purchase. Of 40 customers who first
    bought in January, 30 were still active at the end of March: column 2 shows 75%.

    (Customers of the cohort who are active at the end of the month or whose last subscription or
    purchase was finished) ÷ (customers of the cohort), in the columns 0, 1, 2 … months after the
    first purchase.

    Months that are not over by the period's end stay empty. A period of more than thirteen months
    shows all its months.
    """
    months = _months(when)
    ages = range(len(months))
    by_month = _cohorts(when, scope, months)
    rows = [
        {"cohort": month.label, "customers": len(customers), "learners": len(customers)}
        | {f"m{at}": _kept(customers, months, first + at, when.end) for at in ages}
        for first, month in enumerate(months)
        if (customers := by_month[month])
    ]
    columns = (
        Column("cohort", _("First purchase"), TEXT),
        Column("customers", _("Customers"), COUNT),
        *(Column(f"m{at}", str(at), PERCENT) for at in ages),
    )
    return Table(columns, rows)


def _months(when: Period) -> list[Period]:
    """The months of the period or, if there are fewer than thirteen, the last thirteen."""
    found = [containing(when.last, "month", when.zone)]
    while len(found) < FEWEST or (found[-1].first > when.first and len(found) < MOST):
        found.append(found[-1].previous)
    return found[::-1]


def _cohorts(
    when: Period, scope: Scope, months: Sequence[Period]
) -> dict[Period, list[list[Holding]]]:
    """What each customer held, by the month of their first subscription or purchase."""
    subscriptions = Subscription.objects.counted().filter(
        purchases_in(scope), started_at__lt=when.end
    )
    earlier = subscriptions.filter(customer=OuterRef("customer"), started_at__lt=months[0].start)
    new = subscriptions.filter(~Exists(earlier), started_at__gte=months[0].start)
    held: dict[int, list[Holding]] = defaultdict(list)
    for customer, started, ended, how in new.order_by("started_at").values_list(
        "customer", "started_at", "ended_at", "ended_by"
    ):
        held[customer].append((started, ended, how))
    found: dict[Period, list[list[Holding]]] = {month: [] for month in months}
    for some in held.values():
        month = containing(local_day(some[0][0], when.zone), "month", when.zone)
        if month in found:
            found[month].append(some)
    return found


def _kept(
    customers: Sequence[Sequence[Holding]], months: Sequence[Period], at: int, until: datetime
) -> float | None:
    """The share of the customers kept at the end of the month; None if it is not over."""
    if at >= len(months) or months[at].whole_end > until:
        return None
    end = months[at].whole_end
    return share(sum(1 for held in customers if _is_kept(held, end)), len(customers))


def _is_kept(held: Sequence[Holding], at: datetime) -> bool:
    """True when active at that moment, or when the last one ended by finishing."""
    started = [one for one in held if one[0] < at]
    if any(ended is None or ended >= at for _, ended, _ in started):
        return True
    last = max(started, key=lambda one: one[1] or at)
    return last[2] == Subscription.Ended.FINISHED
