"""Import a framework file: all of it or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from core import localized
from curriculum import course_structure
from curriculum.framework_files import csv_file, json_file, skills
from curriculum.framework_files.records import CourseRecord, Framework
from curriculum.models import Course, Module, StructureVersion
from curriculum.structure import versions
from curriculum.structure.differences import Difference, differences
from curriculum.structure.snapshot import Structure, structures

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser


class StaleFileError(Exception):
    """The structure of a course changed since the file was exported."""


@dataclass(frozen=True)
class CourseReport:
    """What changes in a course; `version` is the new one, None without changes."""

    title: str
    differences: Sequence[Difference]
    version: int | None


@dataclass(frozen=True)
class ImportReport:
    """What changes by an import, or would by a dry run."""

    courses: Sequence[CourseReport]
    # of skills that no course teaches
    skills: Sequence[Difference]
    is_dry_run: bool

    @property
    def has_changes(self) -> bool:
        return bool(self.skills) or any(one.differences for one in self.courses)


def read(text: str, *, name: str = "") -> Framework:
    """Read a JSON or CSV text; FrameworkFileError with lines and fields if it is malformed."""
    is_json = name.lower().endswith(".json") or text.lstrip("\ufeff \t\r\n").startswith(("{", "["))
    framework: Framework = (json_file if is_json else csv_file).read(text.removeprefix("\ufeff"))
    framework.check()
    return framework


def import_framework(
    framework: Framework,
    *,
    by: AbstractBaseUser | None = None,
    is_dry_run: bool = False,
    is_forced: bool = False,
) -> ImportReport:
    """Make courses, modules and skills what the file says; modules it does not name stay.

    FrameworkFileError for unknown skills and circles of prerequisites. StaleFileError if the file
    would undo what changed since its export, unless the import is forced.
    """
    with transaction.atomic():
        keys = [one.course.key for one in framework.courses]
        known = list(Course.objects.select_for_update().filter(key__in=keys).order_by("pk"))
        in_force = versions.numbers_in_force(known)
        before, bare = structures(_described(framework)), skills.structures(framework)
        _apply(framework, known)
        courses = list(_described(framework) | Course.objects.filter(pk__in=before).distinct())
        after = structures(courses)
        if not is_forced:
            _refuse_stale(framework, known, in_force, before, after)
        made = versions.record(list(after), source=StructureVersion.Source.IMPORT, by=by)
        numbers = {one.course_id: one.number for one in made}
        report = ImportReport(
            [
                CourseReport(
                    one.title, differences(before.get(one.pk), after[one.pk]), numbers.get(one.pk)
                )
                for one in courses
            ],
            skills.untaught_differences(bare, skills.structures(framework), after.values()),
            is_dry_run,
        )
        transaction.set_rollback(is_dry_run)
    return report


def _described(framework: Framework) -> QuerySet[Course]:
    """Return the courses of the file, and those that teach one of its skills."""
    keys = [one.course.key for one in framework.courses]
    skill_keys = [one.key for one in framework.skills]
    is_described = Q(key__in=keys) | Q(modules__skills__key__in=skill_keys)
    return Course.objects.filter(is_described).distinct()


def _apply(framework: Framework, known: Sequence[Course]) -> None:
    by_key = {one.key: one for one in known}
    modules: dict[tuple[str, str], Module] = {}
    for one in framework.courses:
        key = one.course.key
        course = by_key.get(key) or Course.objects.create(key=key, title=key)
        for module in _define(course, one).values():
            modules[key, module.key] = module
    skills.apply(framework, modules)


def _define(course: Course, record: CourseRecord) -> dict[str, Module]:
    fields = {
        name: value
        for name, value in record.course.values.items()
        if name not in ("key", "version")
    }
    modules = [
        {name: value for name, value in one.values.items() if name != "skills"}
        for one in record.modules
    ]
    return course_structure.define(course, fields=fields, modules=modules, runs=[])


def _refuse_stale(
    framework: Framework,
    known: Sequence[Course],
    in_force: dict[int, int],
    before: dict[int, Structure],
    after: dict[int, Structure],
) -> None:
    exported = {one.course.key: one.course.values.get("version") for one in framework.courses}
    stale = [
        one
        for one in known
        if exported[one.key] not in (None, in_force.get(one.pk)) and before[one.pk] != after[one.pk]
    ]
    if stale:
        latest = StructureVersion.objects.filter(course__in=stale).latest_of_each()
        shown = latest.select_related("course", "made_by").order_by("course")
        raise StaleFileError(" ".join(_sentence(one, exported[one.course.key]) for one in shown))


def _sentence(latest: StructureVersion, exported: int | None) -> str:
    return gettext(
        "“%(course)s” changed since this file was exported as version %(exported)s: it has version"
        " %(latest)s since %(day)s (%(source)s). Export it again, or force the import."
    ) % {
        "course": latest.course,
        "exported": exported,
        "latest": latest.number,
        "day": localized.day(latest.made_at),
        "source": latest.made_by or latest.get_source_display(),
    }
