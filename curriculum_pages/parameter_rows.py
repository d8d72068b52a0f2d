"""Which rows of parameters a reader may see and a place inherits from, and what they are called."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlencode

from django.db.models import Q
from django.utils.translation import gettext

from accounts.reader import Reader
from curriculum.models import Course, Parameter
from curriculum_pages.place_filters import Place

PEOPLE = ("proposed_by", "decided_by")
SITE = (None, None, None)
SCOPES = ("course", "run__course", "module__course")
# the paths from a row to the course that it belongs to
PATHS = ("course", "run__course", "module__course")


def scope_name(row: Parameter) -> str:
    if row.is_site_wide:
        return gettext("Whole site")
    if row.course:
        return str(row.course)
    part = row.run or row.module
    return f"{part.course}: {part}" if part else ""


def course_of(row: Parameter) -> Course | None:
    """Return the course; None for the whole site."""
    part = row.run or row.module
    return row.course or (part.course if part else None)


def chain_of(place: Place) -> Q:
    """Match the rows from which a place inherits, its own included."""
    found = Q(pk__in=[])
    for course, run, module in place.scope.inherited_from():
        found |= Q(course=course, run=run, module=module)
    return found


def is_visible(reader: Reader, path: str = "") -> Q:
    """Match rows of the whole site, whose values every course inherits, and of own courses."""
    if reader.sees_every_course:
        return Q()
    return _is_site_wide(path) | _is_of_course(path, reader.course_ids)


def is_in(place: Place, path: str = "") -> Q:
    """Match the rows from which a place inherits, and those of the runs and modules within it."""
    if place.course is None:
        return Q()
    chain = _is_site_wide(path)
    for course, run, module in place.scope.inherited_from():
        own = {"course": course, "run": run, "module": module}
        chain |= Q(**{f"{path}{name}": pk for name, pk in own.items()})
    is_whole_course = place.run is None and place.module is None
    return chain | _is_of_course(path, [place.course.pk]) if is_whole_course else chain


def _is_site_wide(path: str) -> Q:
    return Q(**{f"{path}{name}": None for name in ("course", "run", "module")})


def _is_of_course(path: str, course_ids: Collection[int]) -> Q:
    found = Q()
    for one in PATHS:
        found |= Q(**{f"{path}{one}__in": course_ids})
    return found


def place_query(row: Parameter) -> str:
    """Return the filters that select the scope of a row, as a query string."""
    chosen = {"course": course_of(row), "run": row.run, "module": row.module}
    keys = {name: one.key for name, one in chosen.items() if one}
    return f"?{urlencode(keys)}" if keys else ""
