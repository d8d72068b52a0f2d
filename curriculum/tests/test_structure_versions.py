"""A version of a course's structure is stored whenever it changed, and only then."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.tests.people import account, course
from curriculum.models import Course, Module, Skill, StructureVersion
from curriculum.structure import versions
from curriculum.structure.differences import differences
from curriculum.tests.taught import taught_course

pytestmark = pytest.mark.django_db

ADMIN = StructureVersion.Source.ADMIN


def numbers(made: Course) -> list[int]:
    return [one.number for one in made.structure_versions.order_by("number")]


def changes(made: Course) -> list[str]:
    before, after = made.structure_versions.order_by("number")[:2]
    return [one.sentence for one in differences(before.structure, after.structure)]


def test_a_structure_names_modules_in_order_with_their_skills() -> None:
    structure = taught_course().structure_versions.get().structure

    assert [(one["key"], one["skills"]) for one in structure["modules"]] == [
        ("m1", ["python", "statistics"]),
        ("m2", ["statistics"]),
        ("m3", []),
    ]
    assert structure["skills"][1] == {
        "key": "statistics",
        "title": "Statistics",
        "prerequisites": ["python"],
    }


def test_an_equal_structure_makes_no_version() -> None:
    made = taught_course()
    versions.record([made.pk], source=ADMIN)

    assert numbers(made) == [1]


def test_a_version_is_never_changed() -> None:
    version = taught_course().structure_versions.get()
    version.number = 7

    with pytest.raises(TypeError, match="never changed"):
        version.save()


def test_courses_without_versions_get_their_first_one() -> None:
    made = course(modules=1)
    versions.record_missing()
    versions.record_missing()

    assert [one.source for one in made.structure_versions.all()] == ["found"]


@pytest.mark.parametrize("count", [1, 5])
def test_recording_takes_as_many_queries_for_any_number_of_courses(
    count: int, django_assert_num_queries: object
) -> None:
    made = [course(f"c{at}", modules=2).pk for at in range(count)]

    # courses, modules, skills, titles, prerequisites, latest versions, insert, and a savepoint
    with django_assert_num_queries(9):  # type: ignore[operator]
        versions.record(made, source=ADMIN)


def test_the_difference_names_what_changed() -> None:
    made = taught_course()
    first, second, third = made.modules.all()
    second.delete()
    Module.objects.filter(pk=first.pk).update(planned_days=9, title="Basics")
    Skill.objects.get(key="python").modules.add(third)
    versions.record([made.pk], source=ADMIN)

    assert changes(made) == [
        "Module “Module 2” is gone.",
        "Module “Basics”: title “Module 1” → “Basics”.",
        "Module “Basics”: planned days 7 → 9.",
        "Module “Module 3”: skills none → python.",
    ]


def test_a_module_that_moved_is_named_once() -> None:
    made = taught_course()
    for position, key in enumerate(("m2", "m3", "m1"), 1):
        Module.objects.filter(course=made, key=key).update(position=position + 10)
    versions.record([made.pk], source=ADMIN)

    assert changes(made) == ["Module “Module 1” moved from 1 to 3."]


def test_a_course_saved_in_the_admin_gets_a_version_with_its_author(client: Client) -> None:
    made = taught_course()
    staff = account("Ada", is_staff=True, is_superuser=True)
    client.force_login(staff)
    module = made.modules.all()[0]
    client.post(
        f"/admin/curriculum/module/{module.pk}/change/",
        {"course": made.pk, "key": "m1", "title": "Basics", "position": 1, "is_required": "on",
         "planned_days": 7, "effort_minutes": 60},
    )  # fmt: skip

    assert made.structure_versions.order_by("number").last().made_by == staff  # type: ignore[union-attr]


def test_a_prerequisite_set_in_the_admin_makes_a_version_of_each_course(client: Client) -> None:
    made = taught_course()
    client.force_login(account("Ada", is_staff=True, is_superuser=True))
    skill, algebra = Skill.objects.get(key="python"), Skill.objects.create(key="algebra")
    client.post(
        f"/admin/curriculum/skill/{skill.pk}/change/",
        {"key": "python", "title": "Python", "modules": [made.modules.all()[0].pk],
         "prerequisites": [algebra.pk]},
    )  # fmt: skip

    assert changes(made) == ["Skill “Python”: prerequisites none → algebra."]


def test_a_circle_of_prerequisites_is_refused_in_the_admin(client: Client) -> None:
    taught_course()
    client.force_login(account("Ada", is_staff=True, is_superuser=True))
    skill = Skill.objects.get(key="python")
    answer = client.post(
        f"/admin/curriculum/skill/{skill.pk}/change/",
        {"key": "python", "title": "Python",
         "prerequisites": [Skill.objects.get(key="statistics").pk]},
    )  # fmt: skip

    assert "A skill cannot require itself: python → statistics → python." in answer.text
    assert not skill.prerequisites.exists()
