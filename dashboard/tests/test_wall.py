from __future__ import annotations

import re

import pytest
from django.test import Client

from accounts.tests.people import account
from kpis.tests.measured import COMPLETION, course, fed, measured

pytestmark = pytest.mark.django_db


def shown(query: str = "") -> str:
    client = Client()
    client.force_login(account("Ada", is_staff=True))
    return client.get(f"/kpi-wall{query}").content.decode()


@pytest.mark.parametrize(
    ("query", "following"),
    [
        ("", "outcome"),
        ("?tab=business", "engagement"),
        ("?tabs=business,outcome", "outcome"),
        ("?tabs=business,nothing", "business"),
        ("?tabs=nothing", "outcome"),
    ],
)
def test_one_tab_follows_the_other(query: str, following: str) -> None:
    following_url = re.search(r'data-wall="([^"]+)"', shown(query))

    assert following_url
    assert re.search(r"[?;]tab=(\w+)", following_url[1])[1] == following  # type: ignore[index]


@pytest.mark.parametrize(
    ("given", "seconds"), [("40", 40), ("1", 5), ("9999", 600), ("x", 20), ("99999999", 20)]
)
def test_each_stays_for_some_seconds(given: str, seconds: int) -> None:
    assert f'data-seconds="{seconds}"' in shown(f"?seconds={given}")


@pytest.mark.parametrize(("query", "is_moving"), [("", True), ("?paused=yes", False)])
def test_a_paused_display_stays_without_scripts_too(query: str, is_moving: bool) -> None:
    assert ('http-equiv="refresh"' in shown(query)) is is_moving


@pytest.mark.usefixtures("_in_july_2026")
def test_it_shows_the_figures_of_the_dashboard() -> None:
    fed(course("py", "loops"))
    measured(COMPLETION, "2026-06", total=160, n=200)

    assert "80.0%" in shown()
