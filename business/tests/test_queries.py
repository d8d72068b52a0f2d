"""What the API answers of KPIs that count customers."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.access import create_api_key
from accounts.tests.people import moment
from business.tests.shop import ends, holds, paid, school
from kpis.recompute.recompute_stale import recompute_stale

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    _, secret = create_api_key("reader", ["kpis:read", "kpis:small-groups"])
    return Client(headers={"Authorization": f"Bearer {secret}"})


def ask(client: Client, path: str) -> Any:
    return client.get(f"/api/kpi/business/{path}").json()


@pytest.mark.parametrize("slug", ["retention", "revenue"])
@pytest.mark.parametrize("query", ["by=learner", "by=run", "by=module"])
def test_customers_are_told_apart_by_neither_learner_nor_run(
    client: Client, slug: str, query: str
) -> None:
    school("py")
    body = ask(client, f"{slug}?{query}")

    assert "cannot be broken down by" in body["detail"]


def test_revenue_is_a_number_of_the_currency(client: Client) -> None:
    paid("ada", "250.00", "2026-05-03")
    paid("ada", "99.50", "2026-05-09")
    recompute_stale(now=moment("2026-06-10"))
    current = ask(client, "revenue?from=2026-05-01&to=2026-05-31")["current"]

    assert (current["value"], current["unit"], current["n"]) == (349.5, "USD", 2)
    assert (current["ci_low"], current["target"]) == (None, None)


def test_retention_has_its_interval_and_target(client: Client) -> None:
    school("py")
    holds("ada", "a", "2026-04-01", course="py")
    holds("bo", "b", "2026-04-01", course="py")
    ends("b", "cancelled", "2026-05-05")
    recompute_stale(now=moment("2026-06-10"))
    reply = ask(client, "retention?from=2026-05-01&to=2026-05-31&by=course")
    current = reply["current"]

    # Wilson's interval of 1 of 2
    assert (current["value"], current["numerator"], current["denominator"]) == (50.0, 1, 2)
    assert (current["ci_low"], current["ci_high"]) == (9.4531, 90.5469)
    assert current["target"] == 85
    assert [(one["key"], one["value"]) for one in reply["groups"]] == [("py", 50.0)]


@pytest.mark.parametrize(
    "path",
    [
        *("enrollment/counts", "retention/churn", "retention/cohorts", "referral/invitations"),
        *("revenue/currencies", "revenue/months", "revenue/courses"),
    ],
)
def test_every_drill_down_answers_and_hides_small_groups(client: Client, path: str) -> None:
    school("py")
    holds("ada", "a", "2026-04-01", course="py")
    paid("ada", "250.00", "2026-05-03", course="py")
    recompute_stale(now=moment("2026-06-10"))
    _, secret = create_api_key("stranger", ["kpis:read"])
    stranger = Client(headers={"Authorization": f"Bearer {secret}"})
    query = f"{path}?from=2026-05-01&to=2026-05-31"
    rows = ask(stranger, query)["rows"]

    assert len(rows) == len(ask(client, query)["rows"])
    assert {row["status"] for row in rows} <= {"suppressed"}
