"""Keep a version of each structure that a course has had."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from curriculum.models import Course, StructureVersion
from curriculum.structure.snapshot import digest, structures

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser


def record(
    course_ids: Collection[int],
    *,
    source: StructureVersion.Source,
    by: AbstractBaseUser | None = None,
    at: datetime | None = None,
) -> list[StructureVersion]:
    """Store a version of each course whose structure differs from its latest one.

    `at` is the moment of the change; None: now.
    """
    if not course_ids:
        return []
    with transaction.atomic():
        # two changes at one moment get their numbers one after the other
        locked = Course.objects.select_for_update().filter(pk__in=course_ids).order_by("pk")
        courses = list(locked)
        present = structures(courses)
        known = StructureVersion.objects.filter(course__in=courses).latest_of_each()
        latest = {
            course: (number, known_digest)
            for course, number, known_digest in known.values_list("course", "number", "digest")
        }
        changed: list[StructureVersion] = []
        for course in courses:
            number, last = latest.get(course.pk, (0, ""))
            made = digest(present[course.pk])
            if made != last:
                changed.append(
                    StructureVersion(
                        course=course,
                        number=number + 1,
                        source=source,
                        made_by_id=by.pk if by else None,
                        made_at=at or timezone.now(),
                        structure=present[course.pk],
                        digest=made,
                    )
                )
        return StructureVersion.objects.bulk_create(changed)


def record_missing(**_: Any) -> None:
    """Store the first version of the courses that have none."""
    missing = Course.objects.filter(structure_versions=None).values_list("pk", flat=True)
    record(list(missing), source=StructureVersion.Source.FOUND)


def numbers_in_force(courses: Collection[Course]) -> dict[int, int]:
    """Return the number of each course's present structure, by id.

    A course whose structure was changed without recording it is missing.
    """
    latest = StructureVersion.objects.filter(course__in=courses).latest_of_each()
    present = {pk: digest(one) for pk, one in structures(courses).items()}
    return {one.course_id: one.number for one in latest if one.digest == present[one.course_id]}
