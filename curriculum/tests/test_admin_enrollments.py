from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from accounts.tests.admin_pages import enrolled
from accounts.tests.people import course, learner, run_of
from curriculum.models import (
    Enrollment,
)

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("ada")
def test_a_learner_enrolled_in_the_admin_gets_a_plan(client: Client) -> None:
    bo, run = learner("Bo"), run_of(course(modules=2))
    data = {
        "learner": bo.pk,
        "run": run.pk,
        "enrolled_at_0": "2026-11-02",
        "enrolled_at_1": "00:00",
    }
    client.post("/admin/curriculum/enrollment/add/", data)
    made = Enrollment.objects.get()

    # a week each, and 1.5 × 28 days in all
    assert [f"{line.due_at:%m-%d}" for line in made.plan.all()] == ["11-09", "11-16"]
    assert f"{made.due_at:%m-%d}" == "12-14"
    assert LogEntry.objects.get().object_id == str(made.pk)


@pytest.mark.usefixtures("ada")
def test_a_learner_cannot_be_enrolled_twice_in_a_run(client: Client) -> None:
    existing = enrolled("Bo", course())
    data = {
        "learner": existing.learner_id,
        "run": existing.run_id,
        "enrolled_at_0": "2026-11-03",
        "enrolled_at_1": "00:00",
    }
    answer = client.post("/admin/curriculum/enrollment/add/", data)

    assert "This learner is already enrolled in this run." in answer.content.decode()


@pytest.mark.usefixtures("ada")
def test_an_enrollment_shows_its_plan_and_cannot_be_edited(client: Client) -> None:
    existing = enrolled("Bo", course(modules=2))
    path = f"/admin/curriculum/enrollment/{existing.pk}/change/"

    assert "Module 2" in client.get(path).content.decode()
    assert client.post(path, {"withdrawn_at_0": "2026-11-03"}).status_code == 403
    assert client.post(path.replace("change", "delete"), {"post": "yes"}).status_code == 403
