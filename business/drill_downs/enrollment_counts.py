"""Gross, net and unique enrollments by course."""

from __future__ import annotations

from django.db.models import Count, F, Q
from django.utils.translation import gettext_lazy as _

from business.indicators import ENROLLMENT, is_transfer
from curriculum.models import Enrollment, Learner
from kpis.definitions.periods import Period
from kpis.definitions.registry import Column, Table, drill_down
from kpis.definitions.scopes import Scope, path_to, scope_lookups
from kpis.definitions.units import COUNT


@drill_down(ENROLLMENT, "counts", _("Gross, net and unique"))
def counts(when: Period, scope: Scope) -> Table:
    """How the number of new enrollments is made up. Of 170 enrollments in October (gross), 15 were
    canceled and 5 were transfers: 150 net.

    Net (the KPI) = (all enrollments started in the period) − (those canceled before the refund
    cut-off) − (transfers from another run). Unique learners are the different learners among the
    net enrollments. By course.
    """
    paths = {name: path_to(name, "") for name in ("course", "run", "learner")}
    net = Q(is_cancelled=False, is_transfer=False)
    by_course = (
        Enrollment.objects.filter(
            started_at__gte=when.start,
            started_at__lt=when.end,
            learner__kind=Learner.Kind.LEARNER,
            **scope_lookups(scope, paths),
        )
        .annotate(is_transfer=is_transfer())
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
        Column("gross", _("Gross"), COUNT),
        Column("cancelled", _("Canceled"), COUNT),
        Column("transferred", _("Transfers"), COUNT),
        Column("net", _("Net"), COUNT),
        Column("unique", _("Unique learners"), COUNT),
    )
    # the people behind the row, even where all of them canceled
    rows = [{**row, "learners": row["unique"] or row["everybody"]} for row in by_course]
    return Table(columns, rows)
