from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import pytest

from alerts.evaluation.evaluate import evaluate
from alerts.models import Alert
from alerts.tests.alerting import KPI, add_rule, add_target, event_kinds
from kpis.models import Measurement
from kpis.tests import kernel
from kpis.tests.measured import course

pytestmark = [pytest.mark.django_db, pytest.mark.once]

MONDAY = date(2026, 1, 5)
WEEKS, MODULES = 20, 20


@pytest.fixture(autouse=True)
def _two_kpis(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel.declare(monkeypatch)


def twenty_modules() -> list[int]:
    py = course("py", *(f"module {at}" for at in range(MODULES)))
    return list(py.modules.order_by("position").values_list("pk", flat=True))


def draw(modules: list[int], share: float, *, n: int, seed: int) -> None:
    """Store weeks in which each learner of each module succeeds with the same probability."""
    seeded_random = random.Random(seed)  # noqa: S311
    for week in range(WEEKS):
        store({one: successes(seeded_random, share, n) for one in modules}, week, n)


def successes(seeded_random: random.Random, share: float, n: int) -> int:
    return sum(seeded_random.random() < share for _ in range(n))


def store(totals: dict[int, int], week: int, n: int) -> None:
    Measurement.objects.bulk_create(
        Measurement(
            kpi=KPI,
            scope="module",
            scope_id=module,
            period_kind="week",
            period_start=MONDAY + timedelta(weeks=week),
            n=n,
            total=total,
            weight=n,
            learners=n,
            definition_version=1,
            computed_at=datetime(2026, 1, 1, tzinfo=UTC),
        )
        for module, total in totals.items()
    )


def live() -> None:
    for week in range(WEEKS):
        # a week closes on the Thursday after it
        evaluate(datetime(2026, 1, 15, 12, tzinfo=UTC) + timedelta(weeks=week))


@pytest.mark.parametrize(("n", "seed"), [(30, 1), (100, 2), (100, 3), (400, 4)])
def test_twenty_modules_of_pure_noise_give_at_most_one_false_alert(n: int, seed: int) -> None:
    draw(twenty_modules(), 0.85, n=n, seed=seed)
    add_target()
    add_rule(each="module", period_kind="week")
    live()

    assert event_kinds().count("opened") <= 1


def test_a_module_that_is_weak_among_them_is_found() -> None:
    modules = twenty_modules()
    draw(modules, 0.85, n=100, seed=5)
    Measurement.objects.filter(scope_id=modules[3]).update(total=60)
    add_target()
    add_rule(each="module", period_kind="week")
    live()

    assert modules[3] in Alert.objects.open().values_list("scope_id", flat=True)
