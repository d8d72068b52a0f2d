"""Bind events that name an object and no module to the module that contains the object.

Another event or a definition of the course may say later which module that is.
"""

from __future__ import annotations

from collections.abc import Collection

from core.database import bulk_upsert, given_rows
from intake.event_batch import ObjectKey
from intake.event_kinds import MODULE_LOCATORS
from intake.facts import rebuildable
from intake.models import Event

OBJECTS = {"course_id": int, "object": str}
# CROSS JOIN: SQLite must begin with the objects
NAMING_ONLY_THEM = """
    SELECT event.id, event.enrollment_id, event.course_id, event.object, event.module_id
    FROM {rows} CROSS JOIN intake_event event
    WHERE event.course_id = given.course_id AND event.object = given.object
        AND event.module_key = '' AND event.object > '' AND event.enrollment_id IS NOT NULL
"""


def modules_of(objects: Collection[ObjectKey]) -> dict[ObjectKey, int]:
    """Return the modules (ids) of those objects that are in one."""
    found: dict[ObjectKey, int] = {}
    for locate in MODULE_LOCATORS if objects else ():
        found |= locate(objects)
    return found


def bind_to_modules(objects: Collection[ObjectKey]) -> set[int]:
    """Rebind the stored events that name these objects and no module.

    Return the enrollments (ids) whose facts must be rebuilt. Events of enrollments of whom others
    have been purged stay in their module: their facts could not follow.
    """
    if not objects:
        return set()
    modules = modules_of(objects)
    wrong = [
        (pk, enrollment, modules.get((course, key)))
        for pk, enrollment, course, key, module in given_rows.select(
            NAMING_ONLY_THEM, OBJECTS, sorted(objects)
        )
        if module != modules.get((course, key))
    ]
    complete = set(rebuildable.enrollments({enrollment for _, enrollment, _ in wrong}))
    moved = [(pk, module) for pk, enrollment, module in wrong if enrollment in complete]
    bulk_upsert.update(Event, ("module_id",), moved)
    return complete


def objects_without_module(course_id: int) -> set[ObjectKey]:
    """Return the objects that events of a course name without their module."""
    named = Event.objects.filter(course=course_id, module_key="", object__gt="").order_by()
    return set(named.values_list("course_id", "object").distinct())
