"""A response does not tell by its ETag, or by a date, that a suppressed figure has changed."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from accounts.api_keys import create_api_key
from accounts.tests.people import account
from curriculum.models import CourseRun, Enrollment
from kpis.recompute import recompute_stale
from kpis.tests import kernel
from kpis.tests.kernel import moment, run_of, starts

pytestmark = pytest.mark.django_db

NOW, LATER = moment("2026-07-10T12:00:00"), moment("2026-07-10T12:00:30")
URL = "/api/kpi/test/started"
QUERIES = [
    f"{scope}period={period}&from=2026-02-01&to=2026-02-28{more}"
    for scope in ("course=py&run=small&", "course=py&run=large&")
    for period in ("day", "week", "month")
    for more in ("", "&by=course", "&by=run", "&format=csv")
]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> CourseRun:
    """A run of two learners beside one of nine, of which none is shown."""
    kernel.declare(monkeypatch)
    settings.KPI_MIN_GROUP = 3
    run, large = run_of("small"), run_of("large")
    for at in range(11):
        starts(f"p{at}", run if at < 2 else large, "2026-02-11")
    recompute_stale.recompute_stale(now=NOW)
    return run


def responses(client: Client) -> list[tuple[str, bytes]]:
    cache.clear()
    with patch("django.utils.timezone.now", return_value=LATER):
        found = [client.get(f"{URL}?{query}") for query in QUERIES]
    assert {one.status_code for one in found} == {200}
    return [(one.headers.get("ETag", ""), one.content) for one in found]


def manager(name: str, run: CourseRun) -> Client:
    client = Client()
    client.force_login(account(name, grants=(run.course,)))
    return client


def test_nothing_tells_that_a_hidden_figure_changed(small: CourseRun) -> None:
    bo = manager("Bo", small)
    before = responses(bo)
    # one of the two completes, which nobody may see
    one = Enrollment.objects.filter(run=small).earliest("pk")
    one.completed_at = moment("2026-02-12")
    one.save()
    kernel.mark_days_stale("test.started", [(small.course_id, moment("2026-02-11").date())])
    recompute_stale.recompute_stale(now=LATER)

    assert responses(bo) == before


def test_two_managers_with_the_same_grants_get_the_same_responses(small: CourseRun) -> None:
    assert responses(manager("Bo", small)) == responses(manager("Cleo", small))


def test_an_unchanged_hidden_figure_is_304(small: CourseRun) -> None:
    _, secret = create_api_key("BI", ["kpis:read"], courses=[small.course])
    bi = Client(headers={"Authorization": f"Bearer {secret}"})
    first = bi.get(f"{URL}?{QUERIES[0]}")

    again = bi.get(f"{URL}?{QUERIES[0]}", headers={"If-None-Match": first["ETag"]})

    assert again.status_code == 304
