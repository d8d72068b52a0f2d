"""A customer who is a learner is linked to that learner."""

from __future__ import annotations

import pytest

from business.models import Customer
from business.tests.shop import enrolled, paid, period, school, sums
from curriculum.models import Learner
from kpis.aggregation.grouped_sums import sums_by
from kpis.definitions.registry import REGISTRY
from kpis.definitions.scopes import Scope

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _school() -> None:
    school("py")


def linked() -> dict[str, str | None]:
    return dict(Customer.objects.values_list("key", "learner__key"))


def test_a_learner_who_buys_is_linked() -> None:
    enrolled("ada", at="2026-01-02")
    paid("ada", "1.00", "2026-01-03")

    assert linked() == {"ada": "ada"}


def test_a_customer_known_before_the_learner_is_linked_later() -> None:
    paid(None, "1.00", "2026-01-03", customer={"kind": "learner", "key": "ada"})
    assert linked() == {"ada": None}
    enrolled("ada", at="2026-01-04")

    assert linked() == {"ada": "ada"}


def test_a_learner_that_staff_add_is_linked() -> None:
    paid(None, "1.00", "2026-01-03", customer={"kind": "learner", "key": "ada"})
    Learner.objects.create(key="ada")

    assert linked() == {"ada": "ada"}


def test_an_organization_is_never_a_learner() -> None:
    enrolled("acme", at="2026-01-02")
    paid(None, "1.00", "2026-01-03", customer={"kind": "organisation", "key": "acme"})

    assert linked() == {"acme": None}


def test_ids_of_customers_and_learners_do_not_mix() -> None:
    enrolled("bo", "cy", "ada", at="2026-01-02")
    paid("ada", "3.00", "2026-01-03")
    paid("cy", "5.00", "2026-01-03")
    of_ada = Scope(learner_ids=frozenset(Learner.objects.filter(key="ada").values_list(flat=True)))

    assert sums("revenue", "2026-01") == (800, 2)
    found = sums_by(REGISTRY["business.revenue"], period("2026-01"), (), of_ada)[()]
    assert (found.total, found.n) == (300, 1)


def test_a_learner_with_a_new_key_may_buy_under_it() -> None:
    enrolled("ada", at="2026-01-02")
    paid("ada", "1.00", "2026-01-03")
    Learner.objects.filter(key="ada").update(key="ada2")
    paid("ada2", "2.00", "2026-01-04")

    assert linked() == {"ada": "ada2", "ada2": None}
