"""Revenue by currency, month and course."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, F, Q, Sum, Value
from django.db.models.functions import Coalesce, TruncMonth, TruncQuarter
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from business.drill_downs.scope_filters import purchases_in
from business.indicators import ENROLLMENT
from business.models import Payment
from business.money import REVENUE, major, revenue_keys
from kpis.aggregation.grouped_sums import rows_of, sums_by
from kpis.definitions.periods import Period, containing
from kpis.definitions.registry import REGISTRY, Column, Table, drill_down
from kpis.definitions.scopes import Scope
from kpis.definitions.units import COUNT, NUMBER, TEXT, Unit, money
from kpis.disclosure.small_groups import fewest
from kpis.statistics.shares_and_medians import share

SUMS = {
    "learners": Count("customer", distinct=True),
    "number": Count("pk", filter=Q(is_refund=False)),
    "refunds": Count("pk", filter=Q(is_refund=True)),
    "received": Coalesce(Sum("amount", filter=Q(is_refund=False)), Value(0)),
    "refunded": -Coalesce(Sum("amount", filter=Q(is_refund=True)), Value(0)),
    "net": Sum("amount"),
}


def _declare_currencies() -> None:
    @drill_down(REVENUE, "currencies", _("By currency"))
    def currencies(when: Period, scope: Scope) -> Table:
        """What was booked in every currency, including those without a KPI. Payments of €9,000 and
        refunds of €500 make €8,500 net.

        Net = (payments booked in the period) − (refunds booked in the period), whenever the
        refunded payment was booked. Currencies are never added together.
        """
        by_currency = (
            Payment.objects.counted()
            .filter(purchases_in(scope), booked_at__gte=when.start, booked_at__lt=when.end)
            .order_by("currency")
            .values("currency")
            .annotate(**SUMS)
        )
        columns = (Column("currency", _("Currency"), TEXT), *_booking_columns(NUMBER))
        return Table(columns, [_with_amounts(dict(row)) for row in by_currency])


def _with_amounts(row: dict[str, Any]) -> dict[str, Any]:
    amounts = {
        name: float(major(row[name], row["currency"])) for name in ("received", "refunded", "net")
    }
    return row | amounts | {"customers": row["learners"]}


def _booking_columns(unit: Unit) -> tuple[Column, ...]:
    return (
        Column("number", _("Payments"), COUNT),
        Column("received", _("Received"), unit),
        Column("refunds", _("Refunds"), COUNT),
        Column("refunded", _("Refunded"), unit),
        Column("net", _("Net"), unit),
        Column("customers", _("Customers"), COUNT),
    )


def _declare_months(currency: str, key: str) -> None:
    @drill_down(key, "months", _("By month and quarter"))
    def months(when: Period, scope: Scope) -> Table:
        """How revenue develops. Payments of $50,000 and refunds of $1,250 in October make $48,750
        for the month.

        Net = (payments) − (refunds), by the month and by the quarter in which each was booked. A
        month or quarter that the period covers only in part includes only that part.
        """
        rows = [
            {
                **row,
                "period": containing(row["begins"].date(), kind, when.zone).label,
                "customers": row["learners"],
            }
            for kind, begins in (("month", TruncMonth), ("quarter", TruncQuarter))
            for row in rows_of(key, when, scope)
            .annotate(begins=begins("booked_at", tzinfo=when.zone))
            .order_by("begins")
            .values("begins")
            .annotate(**SUMS)
        ]
        columns = (Column("period", _("Period"), TEXT), *_booking_columns(money(currency)))
        return Table(columns, rows)


def _declare_courses(currency: str, key: str) -> None:
    @drill_down(key, "courses", _("By course, enrollment and learner"), also=(ENROLLMENT,))
    def courses(when: Period, scope: Scope) -> Table:
        """What each course earns. If a course earns $5,000 in a month in which 20 enrollments
        started, that is $250 per enrollment.

        Per enrollment = (net revenue) ÷ (enrollments started in the period); per learner = (net
        revenue) ÷ (learners among these enrollments); per customer = (net revenue) ÷ (customers
        with payments or refunds in the period). Revenue without a course has its own row.
        """
        started = {
            pk: (sums.n, sums.learners)
            for (pk,), sums in sums_by(REGISTRY[ENROLLMENT], when, ("course",), scope).items()
        }
        by_course = (
            rows_of(key, when, scope)
            .values("course_id", title=Coalesce(F("course__title"), Value(gettext("(no course)"))))
            .annotate(**SUMS)
            .order_by("title", "course_id")
        )
        rows = [
            _with_quotients(dict(row), *started.get(row["course_id"], (0, 0))) for row in by_course
        ]
        unit = money(currency)
        columns = (
            Column.of("course", "title"),
            *_booking_columns(unit),
            Column("enrolments", _("Enrollments started"), COUNT),
            Column("per_enrolment", _("Per enrollment"), unit),
            Column("per_learner", _("Per learner"), unit),
            Column("per_customer", _("Per customer"), unit),
        )
        return Table(columns, rows)


def _with_quotients(row: dict[str, Any], enrollments: int, learners: int) -> dict[str, Any]:
    return row | {
        "customers": row["learners"],
        "learners": fewest(row["learners"], learners),
        "enrolments": enrollments,
        "per_enrolment": share(row["net"], enrollments),
        "per_learner": share(row["net"], learners),
        "per_customer": share(row["net"], row["learners"]),
    }


def declare_tables() -> None:
    """Declare the tables of the KPI of each currency."""
    _declare_currencies()
    for currency, key in revenue_keys().items():
        _declare_months(currency, key)
        _declare_courses(currency, key)


declare_tables()
