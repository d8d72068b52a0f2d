from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Count, F, Q, Sum, Value
from django.db.models.functions import Coalesce, TruncMonth, TruncQuarter

from business.drill_downs.customer_scope import bought
from business.indicators import ENROLLMENT, enrollment, revenue_in
from business.models import Payment
from business.money import REVENUE, major, revenue_keys
from kpis.definitions.aggregates import Scope
from kpis.definitions.periods import Period, containing
from kpis.definitions.registry import Column, Table, drill_down
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


def currencies(when: Period, scope: Scope) -> Table:
    """What was booked in the period, by currency, also in those that are no KPI; currencies are
    never added together. Refunds are those booked in the period, whenever the payment was."""
    found = (
        Payment.objects.counted()
        .filter(bought(scope), booked_at__gte=when.start, booked_at__lt=when.end)
        .order_by("currency")
        .values("currency")
        .annotate(**SUMS)
    )
    columns = (Column("currency", "Currency", TEXT), *_booked(NUMBER))
    return Table(columns, [_in_its_currency(dict(row)) for row in found])


def _in_its_currency(row: dict[str, Any]) -> dict[str, Any]:
    amounts = {
        name: float(major(row[name], row["currency"])) for name in ("received", "refunded", "net")
    }
    return row | amounts | {"customers": row["learners"]}


def _booked(unit: Unit) -> tuple[Column, ...]:
    return (
        Column("number", "Payments", COUNT),
        Column("received", "Received", unit),
        Column("refunds", "Refunds", COUNT),
        Column("refunded", "Refunded", unit),
        Column("net", "Net", unit),
        Column("customers", "Customers", COUNT),
    )


def _by_month(currency: str) -> Callable[[Period, Scope], Table]:
    def months(when: Period, scope: Scope) -> Table:
        """Payments and refunds by the month and by the quarter of their own booking; the months
        and quarters that the period reaches into, as far as it reaches."""
        rows = [
            {
                **row,
                "period": containing(row["begins"].date(), kind, when.zone).label,
                "customers": row["learners"],
            }
            for kind, begins in (("month", TruncMonth), ("quarter", TruncQuarter))
            for row in _rows(currency, when, scope)
            .annotate(begins=begins("booked_at", tzinfo=when.zone))
            .order_by("begins")
            .values("begins")
            .annotate(**SUMS)
        ]
        return Table((Column("period", "Period", TEXT), *_booked(money(currency))), rows)

    return months


def _by_course(currency: str) -> Callable[[Period, Scope], Table]:
    def courses(when: Period, scope: Scope) -> Table:
        """Revenue by course, and per enrolment that started in the period, per learner among
        those, and per customer who paid. What belongs to no course stands in a row of its own."""
        started = {
            pk: (sums.n, sums.learners)
            for (pk,), sums in enrollment(when).grouped(("course",), scope).items()
        }
        found = (
            _rows(currency, when, scope)
            .values("course_id", title=Coalesce(F("course__title"), Value("(no course)")))
            .annotate(**SUMS)
            .order_by("title", "course_id")
        )
        rows = [_each(dict(row), *started.get(row["course_id"], (0, 0))) for row in found]
        return Table((Column.of("course", "title"), *_per(money(currency))), rows)

    return courses


def _each(row: dict[str, Any], enrollments: int, learners: int) -> dict[str, Any]:
    return row | {
        "customers": row["learners"],
        "learners": fewest(row["learners"], learners),
        "enrolments": enrollments,
        "per_enrolment": share(row["net"], enrollments),
        "per_learner": share(row["net"], learners),
        "per_customer": share(row["net"], row["learners"]),
    }


def _per(unit: Unit) -> tuple[Column, ...]:
    return (
        *_booked(unit),
        Column("enrolments", "Enrolments started", COUNT),
        Column("per_enrolment", "Per enrolment", unit),
        Column("per_learner", "Per learner", unit),
        Column("per_customer", "Per customer", unit),
    )


def _rows(currency: str, when: Period, scope: Scope) -> Any:
    """The bookings that the KPI of the currency adds up."""
    return revenue_in(currency)(when).rows.filter(bought(scope)).order_by()


def declare_tables() -> None:
    """Hang the tables under the KPI of each currency, and that of all of them under the first."""
    drill_down(REVENUE, "currencies", "By currency")(currencies)
    for code, key in revenue_keys().items():
        drill_down(key, "months", "By month and quarter")(_by_month(code))
        by_course = drill_down(
            key, "courses", "By course, enrolment and learner", also=(ENROLLMENT,)
        )
        by_course(_by_course(code))


declare_tables()
