"""One way from sums to values, whoever asks."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from pytest_django import DjangoAssertNumQueries

from kpis.definitions.periods import Period, containing
from kpis.definitions.registry import REGISTRY
from kpis.definitions.scopes import Scope
from kpis.models import DataFreshness
from kpis.query.targets import set_target
from kpis.query.valuation import Valuation
from kpis.read_sums import FoundSums
from kpis.statistics.intervals import CrossSums, Sums
from kpis.tests import kernel
from kpis.tests.kernel import COUNT, STARTED
from kpis.tests.measured import course, measured
from kpis.tests.people import sums_of_people

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 7, 20, tzinfo=UTC)
SITE = Scope()


def month(text: str) -> Period:
    return containing(date.fromisoformat(f"{text}-01"), "month", ZoneInfo("UTC"))


JUNE = month("2026-06")


@pytest.fixture(autouse=True)
def _three_kpis(monkeypatch: pytest.MonkeyPatch) -> None:
    for key, one in kernel.INDICATORS.items():
        monkeypatch.setitem(REGISTRY, key, one)
    kernel.declare_also(monkeypatch, COUNT)


def test_a_value_has_everything_that_is_needed_to_trust_it() -> None:
    python = course("python")
    target = set_target(STARTED, Decimal(85), course=python, valid_from=date(2026, 1, 1))
    DataFreshness.objects.create(category="test", course=python, data_through=NOW, received_at=NOW)
    found = Valuation(NOW).value(
        REGISTRY[STARTED],
        Scope(frozenset({python.pk})),
        JUNE,
        FoundSums(Sums(20, 17, 20, learners=20), computed_at=NOW),
    )

    assert (found.value, found.status, found.target) == (0.85, "ok", target)
    assert (found.computed_at, found.data_through) == (NOW, NOW)
    assert found.interval == pytest.approx((0.6396, 0.9476), abs=1e-4)


def test_data_of_any_course_are_data_of_the_site() -> None:
    may = datetime(2026, 5, 31, tzinfo=UTC)
    for key, through in (("python", may), ("sql", NOW)):
        DataFreshness.objects.create(
            category="test", course=course(key), data_through=through, received_at=through
        )
    python = frozenset({DataFreshness.objects.get(data_through=may).course_id})

    assert Valuation(NOW).data_through("test", None) == NOW
    assert Valuation(NOW).data_through("test", python) == may
    assert Valuation(NOW).data_through("business", None) is None


@pytest.mark.parametrize("kinds", [(), ("month",)])
def test_a_total_is_0_only_after_its_first_data(kinds: Collection[str]) -> None:
    measured(COUNT, "2026-04", 3, 3)
    valuation = Valuation(NOW, kinds=kinds)
    found = [
        valuation.value(REGISTRY[COUNT], SITE, month(text), FoundSums()).value
        for text in ("2026-03", "2026-04", "2026-05", "2026-08")
    ]

    assert found == [None, None, 0, None]


@pytest.mark.parametrize("kinds", [(), ("month",)])
def test_each_course_has_its_own_first_data(kinds: Collection[str]) -> None:
    python, sql = course("python"), course("sql")
    measured(COUNT, "2026-04", 3, 3, of=python)
    valuation = Valuation(NOW, kinds=kinds)

    def value(*ids: int) -> float | None:
        return valuation.value(REGISTRY[COUNT], Scope(frozenset(ids)), JUNE, FoundSums()).value

    assert (value(python.pk), value(sql.pk), value(python.pk, sql.pk)) == (0, None, 0)


def test_many_values_take_few_queries(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    scopes = [Scope(frozenset({course(key).pk})) for key in ("python", "sql", "web")]
    valuation = Valuation(NOW, kinds=["month"])

    # targets, data freshness, first days
    with django_assert_num_queries(3):
        for scope in scopes:
            valuation.value(REGISTRY[STARTED], scope, JUNE, FoundSums(Sums(2, 1, 2)))
            valuation.value(REGISTRY[COUNT], scope, JUNE, FoundSums())


def test_a_composite_knows_how_its_components_vary_together() -> None:
    depth = REGISTRY["engagement.depth"]
    watched, attempted = [(3, 4), (1, 4), (4, 4)] * 5, [(2, 2), (0, 2), (1, 2)] * 5
    first, second, third = depth.parts
    assert depth.pairs[0] == (first.key, second.key)
    valuation = Valuation(NOW)
    parts = {
        part: valuation.value(REGISTRY[part.key], SITE, JUNE, FoundSums(sums_of_people(people)))
        for part, people in ((first, watched), (second, attempted))
    }
    pairs = zip(watched, attempted, strict=True)
    products = [(y * v, y * u, x * v, x * u) for (y, x), (v, u) in pairs]
    cross = CrossSums(*map(sum, zip(*products, strict=True)))
    known = valuation.weighted_mean(depth, SITE, JUNE, parts, Sums(crosses=(cross,)))
    unknown = valuation.weighted_mean(depth, SITE, JUNE, parts, Sums())

    # (2 ÷ 3 + 1 ÷ 2) ÷ 2
    assert known.value == unknown.value == pytest.approx(7 / 12)
    assert known.interval is not None
    assert unknown.interval is not None
    assert unknown.interval[0] < known.interval[0] < 7 / 12 < known.interval[1]
    assert third not in parts
