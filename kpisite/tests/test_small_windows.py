"""A window of days in which nothing is suppressed does not show a week of a small group."""

from __future__ import annotations

from datetime import UTC, datetime
from unittest.mock import patch

import pytest
from django.test import Client

from accounts.tests.people import account, course, run_of
from intake.events.senders import Sender
from intake.receiving.receive import receive
from kpis.recompute import recompute_stale

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
URL = "/api/kpi/engagement/interaction-rate"


@pytest.mark.parametrize("people", [1, 12])
def test_monday_and_tuesday_do_not_show_who_was_active_on_wednesday(people: int) -> None:
    py = course("py", modules=1)
    run_of(py, "a")
    events = [
        {"id": f"{kind}-{at}", "kind": kind, "occurred_at": f"{day}T09:00:00Z",
         "learner": f"p{at}", "course": "py", "run": "a", "module": module}
        for at in range(people)
        for kind, day, module in (
            ("enrollment.started", "2026-03-01", None), ("content.viewed", "2026-03-04", "m1"),
        )
    ]  # fmt: skip
    receive(events, Sender("lms", creates_unknown=True), now=NOW)
    recompute_stale.recompute_stale(now=NOW)
    client = Client()
    client.force_login(account("Bo", grants=(py,)))
    days = {"course": "py", "period": "day", "from": "2026-03-02", "to": "2026-03-03"}
    with patch("django.utils.timezone.now", return_value=NOW):
        answers = [client.get(URL, days | more).json() for more in ({}, {"by": "course"})]
    values = [answers[0]["window"], *answers[1]["groups"]]

    assert {one["status"] == "suppressed" for one in values} == {people < 10}
