from __future__ import annotations

import pytest
from django.test import Client

from accounts.tests.admin_pages import enrolled, page
from accounts.tests.people import account, course
from curriculum.models import (
    Course,
    Module,
)

pytestmark = pytest.mark.django_db


def course_form(made: Course, modules: list[Module]) -> dict[str, object]:
    data: dict[str, object] = {
        "title": made.title,
        "key": made.key,
        "nominal_days": made.nominal_days,
        "modules-TOTAL_FORMS": len(modules),
        "modules-INITIAL_FORMS": len(modules),
        "runs-TOTAL_FORMS": 0,
        "runs-INITIAL_FORMS": 0,
    }
    for at, module in enumerate(modules):
        for field in ("id", "key", "title", "position", "planned_days", "effort_minutes"):
            data[f"modules-{at}-{field}"] = getattr(module, field)
        data[f"modules-{at}-course"] = made.pk
    return data


@pytest.mark.usefixtures("ada")
def test_two_modules_can_swap_positions(client: Client) -> None:
    made = course(modules=2)
    first, second = made.modules.all()
    first.position, second.position = 2, 1
    data = course_form(made, [first, second])
    client.post(f"/admin/curriculum/course/{made.pk}/change/", data)

    assert [module.key for module in made.modules.order_by("position")] == ["m2", "m1"]


@pytest.mark.usefixtures("ada")
def test_two_modules_at_one_position_are_rejected(client: Client) -> None:
    made = course(modules=2)
    first, second = made.modules.all()
    second.position = 1
    data = course_form(made, [first, second])
    answer = client.post(f"/admin/curriculum/course/{made.pk}/change/", data)

    assert "correct the duplicate data for position" in answer.content.decode()


@pytest.mark.usefixtures("ada")
def test_a_module_key_is_unique_within_a_course(client: Client) -> None:
    made = course(modules=2)
    first, second = made.modules.all()
    second.key = "m1"
    data = course_form(made, [first, second])
    answer = client.post(f"/admin/curriculum/course/{made.pk}/change/", data)

    assert "m1 is listed twice" in answer.content.decode()
    assert sorted(made.modules.values_list("key", flat=True)) == ["m1", "m2"]


@pytest.mark.usefixtures("ada")
def test_a_course_cannot_be_granted_twice(client: Client) -> None:
    bo, python = account("Bo"), course("py")
    data = {
        "email": bo.email,
        "is_active": "on",
        "course_grants-TOTAL_FORMS": "2",
        "course_grants-INITIAL_FORMS": "0",
        "course_grants-0-course": python.pk,
        "course_grants-1-course": python.pk,
    }
    answer = client.post(f"/admin/accounts/user/{bo.pk}/change/", data)

    assert "Course py is listed twice" in answer.content.decode()


@pytest.mark.usefixtures("ada")
def test_the_list_of_courses_shows_counts(client: Client) -> None:
    made = course(modules=3)
    enrolled("Ada", made)
    enrolled("Bo", made)
    row = page(client, "curriculum/course/")

    assert '<td class="field-modules">3</td>' in row
    assert '<td class="field-runs">1</td>' in row
    assert '<td class="field-enrollments">2</td>' in row


@pytest.mark.usefixtures("ada")
def test_a_course_links_to_its_dashboard(client: Client) -> None:
    made = course("data & more")

    assert "/kpi-dashboard?course=data+%26+more" in page(
        client, f"curriculum/course/{made.pk}/change/"
    )


@pytest.mark.usefixtures("ada")
def test_a_course_with_enrollments_cannot_be_deleted(client: Client) -> None:
    made = course()
    enrolled("Ada", made)
    client.post(f"/admin/curriculum/course/{made.pk}/delete/", {"post": "yes"})

    assert Course.objects.filter(pk=made.pk).exists()
