from __future__ import annotations

from django.db.models import Count, F, Q

from business.indicators import ENROLLMENT, begun, transfers
from curriculum.models import Learner
from kpis.definitions.aggregates import Scope, path_to, scope_lookups
from kpis.definitions.periods import Period
from kpis.definitions.registry import Column, Table, drill_down
from kpis.definitions.units import COUNT


@drill_down(ENROLLMENT, "counts", "Gross, net and unique")
def counts(when: Period, scope: Scope) -> Table:
    """Enrolments started in the period, by course: all of them (gross), those cancelled before
    the refund cut-off, transfers from another run, those left (net, which is the KPI), and the
    different learners among them."""
    paths = {name: path_to(name, "") for name in ("course", "run", "learner")}
    net = Q(is_cancelled=False, is_transfer=False)
    found = (
        begun(when)
        .filter(learner__kind=Learner.Kind.LEARNER, **scope_lookups(scope, paths))
        .annotate(is_transfer=transfers())
        .values(title=F("run__course__title"), key=F("run__course__key"))
        .annotate(
            everybody=Count("learner", distinct=True),
            gross=Count("pk"),
            cancelled=Count("pk", filter=Q(is_cancelled=True)),
            transferred=Count("pk", filter=Q(is_cancelled=False, is_transfer=True)),
            net=Count("pk", filter=net),
            unique=Count("learner", distinct=True, filter=net),
        )
        .order_by("run__course__title", "run__course__key")
    )
    columns = (
        Column.of("course", "title"),
        Column("gross", "Gross", COUNT),
        Column("cancelled", "Cancelled", COUNT),
        Column("transferred", "Transfers", COUNT),
        Column("net", "Net", COUNT),
        Column("unique", "Unique learners", COUNT),
    )
    # where all cancelled, they are the people behind the row
    rows = [{**row, "learners": row["unique"] or row["everybody"]} for row in found]
    return Table(columns, rows)
