"""A cursor that did not come from a list is an error of the sender, at every list."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import urlencode

import pytest
from django.test import Client

from accounts.tests.people import account
from experiments.tests.documented import run_documented

# PostgreSQL may reject the statement itself
pytestmark = pytest.mark.django_db(transaction=True)

LISTS = (
    "/api/courses", "/api/kpi/measurements", "/api/alerts", "/api/curriculum/adjustments",
    "/api/experiments", "/api/learners-to-help",
)  # fmt: skip
POSITIONS = ("xx", "\0", "9" * 30, "nan", "9999-12-31T23:59:59-23:59", "2026-01-01\0", "…", "")


def responses_to(cursor: str) -> list[tuple[str, int]]:
    client = Client()
    client.force_login(account("Sue", is_staff=True, is_superuser=True))
    query = urlencode({"cursor": cursor})
    answers = [(path, client.get(f"{path}?{query}")) for path in LISTS]
    assert all(one.json()["field"] == "cursor" for _, one in answers if one.status_code == 400)
    return [(path, one.status_code) for path, one in answers]


@pytest.mark.parametrize("position", POSITIONS)
def test_no_position_of_a_cursor_is_an_internal_error(position: str) -> None:
    run_documented("ada")
    query = urlencode({"p": position, "o": 1})
    found = responses_to(b64encode(query.encode()).decode())

    # some of these are a position in some of the lists
    assert {code for _, code in found} <= {200, 400}


@pytest.mark.parametrize("cursor", ["cD14", "nothing"])
def test_a_wrong_cursor_is_an_error_at_every_list(cursor: str) -> None:
    wrong = dict(responses_to(cursor))
    # any text is a position among keys
    del wrong["/api/courses"], wrong["/api/alerts"]

    assert set(wrong.values()) == {400}
