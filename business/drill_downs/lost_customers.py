"""Kept and lost customers, the other side of retention."""

from __future__ import annotations

from django.db.models import Count, Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from business.drill_downs.scope_filters import purchases_in
from business.indicators import RETENTION
from business.models import Customer, Subscription, SubscriptionPause
from kpis.aggregation.grouped_sums import rows_of
from kpis.definitions.periods import Period
from kpis.definitions.registry import Column, Table, drill_down
from kpis.definitions.scopes import Scope
from kpis.definitions.units import COUNT, PERCENT, TEXT
from kpis.disclosure.small_groups import fewest
from kpis.statistics.shares_and_medians import share


@drill_down(RETENTION, "churn", _("Kept and lost"))
def churn(when: Period, scope: Scope) -> Table:
    """How many customers were kept and how many were lost. Of 200 customers active on 1 October,
    178 were kept and 22 lost: churn is 11%.

    Churn = (active customers who are neither active at the period's end nor finished something in
    the period) ÷ (customers active at the period's start). New or returning customers began in
    the period and were not active at its start. Learners and organizations are separate rows.
    """
    pause = SubscriptionPause.objects.filter(
        Q(ended_at=None) | Q(ended_at__gte=when.start),
        subscription=OuterRef("pk"),
        started_at__lt=when.start,
    )
    finished = Q(
        ended_by=Subscription.Ended.FINISHED, ended_at__gte=when.start, ended_at__lt=when.end
    )
    by_kind = {
        row["customer__kind"]: row
        for row in rows_of(RETENTION, when, scope)
        .annotate(is_paused=Exists(pause))
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
            "kind": str(kind.label),
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
        if (row := by_kind.get(kind, NO_CUSTOMERS if kind in new else None))
    ]
    return Table(COLUMNS, rows)


NO_CUSTOMERS = {"active": 0, "paused": 0, "finished": 0, "kept": 0}
COLUMNS = (
    Column("kind", _("Customers"), TEXT),
    Column("active", _("Active at the start"), COUNT),
    Column("paused", _("Paused at the start"), COUNT),
    Column("finished", _("Finished something"), COUNT),
    Column("kept", _("Kept"), COUNT),
    Column("lost", _("Lost"), COUNT),
    Column("churn", _("Churn"), PERCENT),
    Column("new", _("New or returning"), COUNT),
)


def _new(when: Period, scope: Scope) -> dict[str, int]:
    """Customers who began in the period without being active at its start, by kind."""
    subscriptions = Subscription.objects.counted().filter(purchases_in(scope))
    started = subscriptions.filter(started_at__gte=when.start, started_at__lt=when.end)
    active = subscriptions.active_at(when.start).filter(customer=OuterRef("customer"))
    new = started.filter(~Exists(active)).order_by().values_list("customer__kind")
    return dict(new.annotate(new=Count("customer", distinct=True)))
