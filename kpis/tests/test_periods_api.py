"""The calendar of periods by the API."""

from __future__ import annotations

import pytest
from django.test import Client, override_settings

from accounts.api_keys import create_api_key

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_in_july_2026")]


@pytest.fixture
def key() -> Client:
    return Client(headers={"Authorization": f"Bearer {create_api_key('bi', ['kpis:read'])[1]}"})


def states(client: Client, query: str) -> list[tuple[str, str]]:
    found = client.get(f"/api/periods?{query}").json()["periods"]
    return [(one["label"], one["state"]) for one in found]


def test_months_are_closed_once_late_data_had_time(key: Client) -> None:
    # it is 10 July 2026
    assert states(key, "from=2026-05-01&to=2026-07-31") == [
        ("2026-05", "closed"),
        ("2026-06", "closed"),
        ("2026-07", "open"),
    ]


def test_days_are_provisional_for_three_days(key: Client) -> None:
    assert states(key, "period=day&from=2026-07-06&to=2026-07-11") == [
        ("2026-07-06", "closed"),
        ("2026-07-07", "provisional"),
        ("2026-07-08", "provisional"),
        ("2026-07-09", "provisional"),
        ("2026-07-10", "open"),
        ("2026-07-11", "future"),
    ]


@pytest.mark.parametrize(
    ("kind", "label"), [("week", "2026-W01"), ("quarter", "2026-Q1"), ("month", "2026-01")]
)
def test_labels_are_those_of_iso(key: Client, kind: str, label: str) -> None:
    assert states(key, f"period={kind}&from=2026-01-01&to=2026-01-01")[0][0] == label


@override_settings(KPI_TIME_ZONE="America/New_York")
def test_days_have_the_length_of_the_sites_zone(key: Client) -> None:
    body = key.get("/api/periods?period=day&from=2026-03-08&to=2026-03-08").json()
    (day,) = body["periods"]

    assert body["tz"] == "America/New_York"
    # 23 hours: clocks go forward
    assert day["starts_at"].startswith("2026-03-08T05:00:00")
    assert day["ends_at"].startswith("2026-03-09T04:00:00")


@pytest.mark.parametrize(
    "query", ["period=year", "from=x", "course=py", "from=", "period=day&from=1990-01-01"]
)
def test_wrong_parameters_are_refused(key: Client, query: str) -> None:
    assert key.get(f"/api/periods?{query}").status_code == 400
