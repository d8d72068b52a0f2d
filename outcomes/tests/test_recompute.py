"""Skills and certificates, from events through measurements to the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.tests.people import account
from curriculum.models import Course
from kpis.models import Restatement
from kpis.recompute.recompute_stale import recompute_stale
from outcomes.tests.school import did, enrolled, school, skilled

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def python() -> Course:
    return school()


def shown(slug: str, month: str, **more: str) -> dict[str, Any]:
    client = Client()
    client.force_login(account("Cleo", is_staff=True, is_superuser=True))
    query = {"from": f"{month}-01", "to": f"{month}-28", **more}
    current: dict[str, Any] = client.get(f"/api/kpi/outcome/{slug}", query).json()["current"]
    return current


def test_attainment_is_computed_for_the_site_and_its_courses() -> None:
    school("db")
    enrolled("ada")
    enrolled("ada", course="db")
    skilled("ada", 0.9, "2026-01-10")
    skilled("ada", 0.3, "2026-01-12", course="db")
    recompute_stale()
    site = shown("skill-attainment", "2026-01")

    assert (site["value"], site["n"], site["target"]) == (0, 1, 90)


def test_a_course_keeps_its_own_latest_assessment() -> None:
    school("db")
    enrolled("ada")
    enrolled("ada", course="db")
    skilled("ada", 0.9, "2026-01-10")
    skilled("ada", 0.3, "2026-01-12", course="db")
    recompute_stale()

    assert shown("skill-attainment", "2026-01", course="py")["value"] == 100


def test_a_revocation_does_not_change_a_closed_month() -> None:
    enrolled("ada", "bo", data={"track": "certificate"})
    did("ada", "certificate.earned", "2026-02-10")
    recompute_stale()
    did("ada", "certificate.revoked", "2026-03-10")
    recompute_stale()

    assert shown("certification-completion", "2026-02")["value"] == 50
    assert not Restatement.objects.filter(measurement__period_kind="month").exists()


def test_a_late_certificate_restates_a_closed_month() -> None:
    enrolled("ada", "bo", data={"track": "certificate"})
    recompute_stale()
    did("ada", "certificate.earned", "2026-02-10")
    recompute_stale()
    month = shown("certification-completion", "2026-02")

    assert month["value"] == 50
    assert month["restated_at"] is not None
