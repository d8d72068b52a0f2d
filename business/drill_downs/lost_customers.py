from __future__ import annotations

from django.db.models import Count, Exists, OuterRef, Q

from business.drill_downs.customer_scope import bought
from business.indicators import RETENTION, retention
from business.models import Customer, Subscription, SubscriptionPause
from kpis.definitions.aggregates import Scope, level_of
from kpis.definitions.periods import Period
from kpis.definitions.registry import Column, Table, drill_down
from kpis.definitions.units import COUNT, PERCENT, TEXT
from kpis.disclosure.small_groups import fewest
from kpis.statistics.shares_and_medians import share


@drill_down(RETENTION, "churn", "Kept and lost")
def churn(when: Period, scope: Scope) -> Table:
    """The customers active at the period's start, learners and organisations apart: how many
    rested then, finished something in the period, are kept (which is the KPI) and are lost, and
    the churn rate, which is what is missing from 100%. New customers began in the period and
    were not active at its start."""
    tally = retention(when)
    tally = tally.by_level.get(level_of((), scope), tally)
    pause = SubscriptionPause.objects.filter(
        Q(ended_at=None) | Q(ended_at__gte=when.start),
        subscription=OuterRef("pk"),
        started_at__lt=when.start,
    )
    finished = Q(
        ended_by=Subscription.Ended.FINISHED, ended_at__gte=when.start, ended_at__lt=when.end
    )
    found = {
        row["customer__kind"]: row
        for row in tally.rows.filter(bought(scope))
        .annotate(is_paused=Exists(pause))
        .order_by()
        .values("customer__kind")
        .annotate(
            active=Count("customer", distinct=True),
            kept=Count("customer", distinct=True, filter=Q(is_kept=True)),
            paused=Count("customer", distinct=True, filter=Q(is_paused=True)),
            finished=Count("customer", distinct=True, filter=finished),
        )
    }
    new = _new(when, scope)
    rows = [
        {
            "kind": kind.label,
            "active": row["active"],
            "paused": row["paused"],
            "finished": row["finished"],
            "kept": row["kept"],
            "lost": row["active"] - row["kept"],
            "churn": share(row["active"] - row["kept"], row["active"]),
            "new": new.get(kind, 0),
            "learners": fewest(row["active"], new.get(kind, 0)),
        }
        for kind in Customer.Kind
        if (row := found.get(kind, NOBODY if kind in new else None))
    ]
    return Table(COLUMNS, rows)


NOBODY = {"active": 0, "paused": 0, "finished": 0, "kept": 0}
COLUMNS = (
    Column("kind", "Customers", TEXT),
    Column("active", "Active at the start", COUNT),
    Column("paused", "Paused then", COUNT),
    Column("finished", "Finished something", COUNT),
    Column("kept", "Kept", COUNT),
    Column("lost", "Lost", COUNT),
    Column("churn", "Churn", PERCENT),
    Column("new", "New or back", COUNT),
)


def _new(when: Period, scope: Scope) -> dict[str, int]:
    """Customers by kind who began in the period without being active at its start."""
    mine = Subscription.objects.counted().filter(bought(scope))
    begun = mine.filter(started_at__gte=when.start, started_at__lt=when.end)
    active = mine.active_at(when.start).values("customer")
    found = begun.exclude(customer__in=active).order_by().values_list("customer__kind")
    return dict(found.annotate(new=Count("customer", distinct=True)))
