"""The business KPIs; docs/kpis.md defines each of them."""

from __future__ import annotations

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
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from business.models import Payment, Referral, Subscription
from business.models.subscriptions import active_at
from business.money import REVENUE, revenue_keys
from curriculum.models import Enrollment
from kpis.definitions.facts import Cut, Ratio
from kpis.definitions.registry import kpi
from kpis.definitions.units import COUNT, PERCENT, money
from presentation.categories import category

ENROLLMENT, RETENTION, REFERRAL = "business.enrollment", "business.retention", "business.referral"
TRANSFER_LIMIT = timedelta(days=30)

category(
    "business",
    _("Business & Growth"),
    about=_(
        "Is the business growing? Enrollment, retention, referral and revenue, with the trend of "
        "the last four months."
    ),
    awaits=_("invitations or payments"),
)


def same_learner_and_course(changed: QuerySet[Enrollment]) -> QuerySet[Enrollment]:
    """All enrollments that may be transfers, or no longer, because these changed."""
    one = changed.filter(learner=OuterRef("learner"), run__course=OuterRef("run__course"))
    # selected by learner, who has few: by course they would be all enrollments of the course
    of_learners = Enrollment.objects.filter(learner__in=changed.values("learner"))
    return of_learners.filter(Exists(one))


def is_transfer() -> Exists:
    """Whether the learner left another run of the same course within 30 days of enrolling."""
    left = Enrollment.objects.filter(
        learner=OuterRef("learner"),
        run__course=OuterRef("run__course"),
        enrolled_at__lt=OuterRef("enrolled_at"),
        is_cancelled=False,
        completed_at=None,
        withdrawn_at__gte=OuterRef("enrolled_at") - TRANSFER_LIMIT,
        withdrawn_at__lte=OuterRef("enrolled_at") + TRANSFER_LIMIT,
    )
    return Exists(left.exclude(run=OuterRef("run")))


@kpi(
    ENROLLMENT,
    _("Enrollment"),
    unit=COUNT,
    target=150,
    is_total=True,
    facts=Enrollment,
    at="started_at",
    reads={Enrollment: same_learner_and_course},
)
def enrollment(rows: QuerySet[Enrollment]) -> Ratio:
    """The number of new enrollments. In October, 160 learners enrolled, and 10 of them canceled
    before the refund cut-off: 150 enrollments.

    (Enrollments started in the period) − (those canceled before the refund cut-off) −
    (transfers).

    A transfer is an enrollment in another run of the same course within 30 days of leaving the
    first run.
    """
    return Ratio(rows=rows.filter(~is_transfer()), total=Count("pk"), weight=Count("pk"))


@kpi(
    RETENTION,
    _("Retention"),
    unit=PERCENT,
    target=85,
    is_additive=False,
    depends_on_length=True,
    facts=Subscription,
    at="started_at",
    until="ended_at",
    person="customer__learner",
    people="customer",
)
def retention(rows: QuerySet[Subscription], cut: Cut) -> Ratio:
    """The share of customers who stay. Of 200 customers active on 1 October, 178 were still active
    at the end of the month or had finished their course: 89%.

    (Customers active at the period's start who are still active at its end or finished something
    in the period) ÷ (customers active at the period's start).

    A customer is a learner or an organization with any number of seats. Customers are active
    while they hold at least one subscription or purchase that has begun and has not ended; a
    paused one counts. Finishing is never churn. A customer who cancels one subscription but holds
    or restarts another is kept. For a course, only what is held in this course counts. An event
    at the first moment of a period belongs to that period.
    """
    period = cut.period
    same = ("customer", "course") if cut.level == "course" else ("customer",)
    finished = Q(
        ended_by=Subscription.Ended.FINISHED, ended_at__gte=period.start, ended_at__lt=period.end
    )
    keeps = active_at(period.end) | finished
    kept = Subscription.objects.filter(keeps, **{name: OuterRef(name) for name in same})
    # most simply stay active and need no lookup
    is_kept = Case(When(keeps, then=Value(True)), default=Exists(kept), output_field=BooleanField())
    customers = Count("customer", distinct=True)
    return Ratio(
        rows=rows.annotate(is_kept=is_kept),
        total=Count("customer", distinct=True, filter=Q(is_kept=True)),
        weight=customers,
        n=customers,
    )


@kpi(
    REFERRAL,
    _("Referral"),
    unit=PERCENT,
    target=25,
    facts=Enrollment,
    at="started_at",
    reads={Enrollment: same_learner_and_course, Referral: "enrollment"},
)
def referral(rows: QuerySet[Enrollment]) -> Ratio:
    """The share of new enrollments that came through a referral. Of 195 enrollments started in
    October, 68 came through a referral: 34.9%.

    (Enrollments started in the period that came through a referral) ÷ (enrollments started in the
    period).

    The first referral of an enrollment counts. A learner's own code is rejected, also if it
    belongs to another account with the same e-mail address. Canceled enrollments and transfers
    are in neither number. If no referral was ever reported, there is no value.
    """
    is_known = Exists(Referral.objects.all())
    return Ratio(
        rows=rows.filter(~is_transfer(), is_known), total=Count("referral"), weight=Count("pk")
    )


def _declare_revenue(currency: str, key: str, companions: tuple[str, ...]) -> None:
    in_currency = format_lazy(_("Revenue in {currency}"), currency=currency)
    title = _("Revenue") if key == REVENUE else in_currency

    @kpi(
        key,
        title,
        unit=money(currency),
        is_additive=False,
        is_total=True,
        companions=companions,
        facts=Payment,
        at="booked_at",
        person="customer__learner",
        people="customer",
    )
    def revenue(rows: QuerySet[Payment]) -> Ratio:
        """The money earned, in one currency. In October, customers paid $50,000 and got refunds of
        $1,250: $48,750.

        (Payments booked in the period) − (refunds booked in the period), in one currency.

        A refund lowers the period in which it is booked, not the period of its payment.
        Currencies are never added together.
        """
        return Ratio(rows=rows.filter(currency=currency), total=Sum("amount"), weight=Count("pk"))


def declare_revenue() -> None:
    """Declare one KPI per currency; the others are companions of the main currency's."""
    keys = revenue_keys()
    others = tuple(key for key in keys.values() if key != REVENUE)
    for currency, key in keys.items():
        _declare_revenue(currency, key, others if key == REVENUE else ())


declare_revenue()
