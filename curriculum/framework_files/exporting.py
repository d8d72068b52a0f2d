"""Export the modules, skills and prerequisites of courses."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from curriculum.framework_files import csv_file, json_file
from curriculum.framework_files.records import FIELDS
from curriculum.models import Course, Skill
from curriculum.structure.snapshot import Structure, structures
from curriculum.structure.versions import numbers_in_force

WRITERS = {"json": json_file.write, "csv": csv_file.write}


def export(courses: Sequence[Course], file_format: str) -> str:
    """Return the text of a file; KeyError for another format than json or csv."""
    return WRITERS[file_format](framework_of(courses))


def framework_of(courses: Sequence[Course]) -> dict[str, Any]:
    """Return the courses as they are, and their skills with all that these require."""
    present, numbers = structures(courses), numbers_in_force(courses)
    skills = [skill for one in present.values() for skill in one["skills"]]
    return {
        "courses": [_course(present[one.pk], numbers.get(one.pk)) for one in courses],
        "skills": _with_required(skills),
    }


def _course(structure: Structure, number: int | None) -> dict[str, Any]:
    fields = {**structure, "version": number}
    return {
        **{name: fields[name] for name in FIELDS["course"] if fields[name] is not None},
        "modules": structure["modules"],
    }


def _with_required(taught: Collection[Structure]) -> list[dict[str, Any]]:
    """Add the skills that are required, also indirectly, though no exported module teaches them."""
    found = {one["key"]: dict(one) for one in taught}
    missing = {key for one in taught for key in one["prerequisites"]} - found.keys()
    if missing:
        all_skills = {
            one.key: {
                "key": one.key,
                "title": one.title,
                "prerequisites": sorted(needed.key for needed in one.prerequisites.all()),
            }
            for one in Skill.objects.prefetch_related("prerequisites")
        }
        while missing:
            found |= {key: all_skills[key] for key in missing}
            required = {key for one in found.values() for key in one["prerequisites"]}
            missing = required - found.keys()
    return [found[key] for key in sorted(found)]
