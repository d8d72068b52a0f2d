"""Read the structure of courses: their modules in order, the skills they teach, prerequisites."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from curriculum.models import Course, Module, Skill

# a course's fields, "modules" in order and the "skills" that these teach; see docs/framework.md
Structure = Mapping[str, Any]

COURSE_FIELDS = ("key", "title", "nominal_days")
MODULE_FIELDS = ("key", "title", "is_required", "planned_days", "effort_minutes")


def structures(courses: Iterable[Course]) -> dict[int, Structure]:
    """Return the present structure of each course by its id, with five queries for all of them."""
    courses = list(courses)
    ids = [one.pk for one in courses]
    modules, titles = _modules(ids), _titles(ids)
    required = _groups(
        Skill.prerequisites.through.objects.filter(from_skill__modules__course__in=ids)
        .values_list("from_skill__key", "to_skill__key")
        .distinct()
    )
    return {
        one.pk: {
            **{name: getattr(one, name) for name in COURSE_FIELDS},
            "modules": modules[one.pk],
            "skills": [
                {"key": key, "title": titles[key], "prerequisites": required[key]}
                for key in sorted({key for module in modules[one.pk] for key in module["skills"]})
            ],
        }
        for one in courses
    }


def _modules(course_ids: Collection[int]) -> dict[int, list[dict[str, Any]]]:
    links = Skill.modules.through.objects.filter(module__course__in=course_ids)
    taught = _groups(links.values_list("module", "skill__key"))
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    rows = Module.objects.filter(course__in=course_ids).order_by("course", "position")
    for row in rows.values("course", "pk", *MODULE_FIELDS):
        fields = {name: row[name] for name in MODULE_FIELDS}
        found[row["course"]].append({**fields, "skills": taught[row["pk"]]})
    return found


def _titles(course_ids: Collection[int]) -> dict[str, str]:
    taught = Skill.objects.filter(modules__course__in=course_ids)
    return dict(taught.order_by().values_list("key", "title").distinct())


def _groups(pairs: Iterable[tuple[Any, str]]) -> dict[Any, list[str]]:
    found: dict[Any, list[str]] = defaultdict(list)
    # sorted here: databases sort by collations of their own
    for group, key in sorted(pairs):
        found[group].append(key)
    return found


def digest(structure: Structure) -> str:
    """Return the same text for equal structures only."""
    text = json.dumps(structure, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
