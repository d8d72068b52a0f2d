"""The business KPIs; what each number means is docs/kpis.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from django.db.models import (
    BooleanField,
    Case,
    Count,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)

from business.models import Payment, Referral, Subscription
from business.models.subscriptions import active_at
from business.money import REVENUE, revenue_keys
from curriculum.models import Enrollment
from kpis.definitions.aggregates import FactAggregate
from kpis.definitions.periods import Period
from kpis.definitions.registry import kpi
from kpis.definitions.units import COUNT, PERCENT, money
from presentation.categories import category

ENROLLMENT, RETENTION, REFERRAL = "business.enrollment", "business.retention", "business.referral"
TRANSFER_WITHIN = timedelta(days=30)
BUYERS = {"course": "course", "learner": "customer"}

category(
    "business",
    "Business & Growth",
    about="What carries the teaching: enrolment, retention, referral and revenue, with the "
    "trajectory of the last four months.",
    awaits="invitations or payments",
)


def begun(when: Period) -> QuerySet[Enrollment]:
    """The enrolments that started in the period, transfers and cancelled ones too."""
    return Enrollment.objects.filter(started_at__gte=when.start, started_at__lt=when.end)


def transfers() -> Exists:
    """Whether an enrolment carries on one of another run of the course, left within 30 days."""
    left = Enrollment.objects.filter(
        learner=OuterRef("learner"),
        run__course=OuterRef("run__course"),
        enrolled_at__lt=OuterRef("enrolled_at"),
        is_cancelled=False,
        completed_at=None,
        withdrawn_at__gte=OuterRef("enrolled_at") - TRANSFER_WITHIN,
        withdrawn_at__lte=OuterRef("enrolled_at") + TRANSFER_WITHIN,
    )
    return Exists(left.exclude(run=OuterRef("run")))


@kpi(ENROLLMENT, "Enrollment", unit=COUNT, target=150, is_total=True)
def enrollment(when: Period) -> FactAggregate:
    """Enrolments started in the period and not cancelled before the refund cut-off.

    Who goes over to another run of the same course within 30 days of leaving one is transferred,
    which is no new enrolment.
    """
    rows = begun(when).filter(~transfers())
    return FactAggregate(rows=rows, total=Count("pk"), weight=Count("pk"), enrollment="")


@kpi(
    RETENTION,
    "Retention",
    unit=PERCENT,
    target=85,
    has_runs=False,
    has_learners=False,
    is_additive=False,
    depends_on_length=True,
)
def retention(when: Period) -> FactAggregate:
    """Customers active at the period's start that are still active at its end, or finished in
    it, ÷ customers active at its start.

    A customer, who may be a learner or an organisation with any number of seats, is active while
    holding at least one subscription or purchase that has begun and has not ended. A pause is
    active. Finishing is never churn; who cancels one and holds or restarts another is kept. Of a
    course, only what is held in this course counts. What happens at the first moment of a period
    happens in it.
    """
    return replace(_kept(when), by_level={"course": _kept(when, "course")})


def _kept(when: Period, *same: str) -> FactAggregate:
    """Customers active at the start; kept by what is the `same` beside the customer."""
    theirs = {name: OuterRef(name) for name in ("customer", *same)}
    finished = Q(
        ended_by=Subscription.Ended.FINISHED, ended_at__gte=when.start, ended_at__lt=when.end
    )
    kept = Subscription.objects.filter(active_at(when.end) | finished, **theirs)
    # who goes on as before, as most do, need not be looked up
    is_kept = Case(
        When(active_at(when.end) | finished, then=Value(True)),
        default=Exists(kept),
        output_field=BooleanField(),
    )
    rows = Subscription.objects.counted().active_at(when.start).annotate(is_kept=is_kept)
    customers = Count("customer", distinct=True)
    return FactAggregate(
        rows=rows,
        total=Count("customer", distinct=True, filter=Q(is_kept=True)),
        weight=customers,
        n=customers,
        enrollment=None,
        places=BUYERS,
    )


@kpi(REFERRAL, "Referral", unit=PERCENT, target=25)
def referral(when: Period) -> FactAggregate:
    """Enrollments started in the period that came by a referral ÷ enrollments started in it.

    The first referral stands; one's own code, also by another account of the same e-mail
    address, is refused. Cancelled enrollments and transfers count on neither side. Where no
    referral was ever reported there is no figure.
    """
    rows = begun(when).filter(~transfers(), Exists(Referral.objects.all()))
    return FactAggregate(rows=rows, total=Count("referral"), weight=Count("pk"), enrollment="")


def revenue_in(currency: str) -> Callable[[Period], FactAggregate]:
    def revenue(when: Period) -> FactAggregate:
        """Payments less refunds booked in the period, in one currency.

        A refund lowers the period in which it is booked and not that of its payment. Currencies
        are never added together.
        """
        booked = Payment.objects.counted().filter(
            currency=currency, booked_at__gte=when.start, booked_at__lt=when.end
        )
        return FactAggregate(
            rows=booked, total=Sum("amount"), weight=Count("pk"), enrollment=None, places=BUYERS
        )

    return revenue


def declare_revenue() -> None:
    """One KPI per currency, the main one with the others beside it."""
    keys = revenue_keys()
    for currency, key in keys.items():
        is_main = key == REVENUE
        kpi(
            key,
            "Revenue" if is_main else f"Revenue in {currency}",
            unit=money(currency),
            has_runs=False,
            has_learners=False,
            is_additive=False,
            is_total=True,
            companions=tuple(one for one in keys.values() if is_main and one != key),
        )(revenue_in(currency))


declare_revenue()
