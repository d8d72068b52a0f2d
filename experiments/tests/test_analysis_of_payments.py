"""An analysis of amounts: many learners have none, and the control is not the first by name."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from scipy.stats import ttest_ind

from business.models import Customer, Payment
from business.money import REVENUE, minor
from curriculum.models import Course, Learner
from experiments.analysis.analyze import analyze
from experiments.assignment import assign
from experiments.drafts import PlannedMetric
from experiments.models import AnalysisResult, Experiment
from experiments.tests.outcomes import expose_all, in_variant
from experiments.tests.trials import CONTROL, DAY, STARTED_AT, STRICT, draft, enroll_many, start
from kpis.tests.kernel import run_of

pytestmark = pytest.mark.django_db
# the name of the control sorts last, and so does its place
VARIANTS = (replace(STRICT, key="a-strict"), replace(CONTROL, key="usual"))
BOOKED_AT = STARTED_AT + 5 * DAY


def pay(learner: Learner, course: Course, amount: Decimal) -> None:
    customer = Customer.objects.create(kind="learner", key=learner.key, learner=learner)
    Payment.objects.create(
        key=learner.key,
        customer=customer,
        course=course,
        amount=minor(str(amount), "USD"),
        currency="USD",
        booked_at=BOOKED_AT,
    )


@pytest.fixture
def paid() -> tuple[Experiment, dict[str, list[Decimal]]]:
    """Have two of three learners pay, the strict ones 49 cents more; return what each paid."""
    run = run_of("r1")
    learners = enroll_many(run, 90)
    revenue = PlannedMetric(kpi=REVENUE, role="primary")
    experiment = start(draft(courses=[run.course], variants=VARIANTS, metrics=(revenue,)))
    assign([one.pk for one in learners], now=STARTED_AT)
    expose_all(experiment, STARTED_AT + DAY)
    amounts: dict[str, list[Decimal]] = {}
    for key, more in (("usual", Decimal("0.26")), ("a-strict", Decimal("0.75"))):
        members = in_variant(experiment, key)
        amounts[key] = [
            Decimal(0) if number % 3 == 0 else Decimal(10 + number % 4) + more
            for number in range(len(members))
        ]
        for learner, amount in zip(members, amounts[key], strict=True):
            if amount:
                pay(learner, run.course, amount)
    return experiment, amounts


def stored(experiment: Experiment, key: str) -> AnalysisResult:
    found = analyze(experiment, now=STARTED_AT + 30 * DAY)
    return found.results.get(variant__key=key)


def cents(amounts: list[Decimal]) -> np.ndarray:
    return np.array([float(100 * one) for one in amounts])


def test_learners_without_a_payment_count_in_the_mean_and_in_the_variance(
    paid: tuple[Experiment, dict[str, list[Decimal]]],
) -> None:
    experiment, amounts = paid
    row = stored(experiment, "a-strict")
    theirs = ttest_ind(cents(amounts["a-strict"]), cents(amounts["usual"]), equal_var=False)

    assert (row.n, row.without_rows) == (
        len(amounts["a-strict"]),
        amounts["a-strict"].count(Decimal(0)),
    )
    assert (row.low, row.high) == pytest.approx(tuple(theirs.confidence_interval()))
    assert (row.p, row.degrees_of_freedom) == pytest.approx((theirs.pvalue, theirs.df))


def test_amounts_keep_their_cents(paid: tuple[Experiment, dict[str, list[Decimal]]]) -> None:
    experiment, amounts = paid
    row = stored(experiment, "usual")

    assert row.sums["y"] == float(100 * sum(amounts["usual"]))
    assert row.sums["y"] % 100 != 0
    assert row.value == pytest.approx(cents(amounts["usual"]).mean())


def test_the_control_is_the_variant_that_was_planned_as_such(
    paid: tuple[Experiment, dict[str, list[Decimal]]],
) -> None:
    experiment, amounts = paid
    row = stored(experiment, "a-strict")

    assert row.effect == pytest.approx(
        cents(amounts["a-strict"]).mean() - cents(amounts["usual"]).mean()
    )
    assert stored(experiment, "usual").effect is None
