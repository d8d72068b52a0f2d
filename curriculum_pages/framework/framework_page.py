"""The page of the framework: each course as a picture, a table and a map of its skills."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

from django.urls import reverse

from curriculum.models import Course, Module, Skill, StructureVersion
from curriculum_pages.framework.figures import (
    Attainment,
    attainment_of_skills,
    health_of_modules,
)
from curriculum_pages.framework.module_health import ModuleHealth, hidden_text, weakest
from curriculum_pages.framework.picture import Picture, SkillNode, draw
from kpis.definitions.period_names import period_name
from kpis.definitions.units import NO_VALUE, PERCENT
from kpis.query.kpi_query import KpiQuery
from kpis.query.query_service import KpiQueryService
from presentation.figures import hidden_note
from presentation.filters import Field, Filters

FILTERS = ("period", "from", "to", "course", "run")


@dataclass(frozen=True)
class SkillRow:
    """A skill in the map of one course: whether each module in order teaches it."""

    title: str
    taught: Sequence[bool]
    prerequisites: str
    attainment: Attainment | None

    @property
    def attainment_text(self) -> str:
        if self.attainment is None:
            return NO_VALUE
        return hidden_text() if self.attainment.is_hidden else PERCENT.text(self.attainment.share)

    @property
    def bar(self) -> float | None:
        share = self.attainment.share if self.attainment else None
        return None if share is None else round(share * 100, 1)


@dataclass(frozen=True)
class CourseView:
    """One course on the page; `version` is None until its structure has been recorded."""

    course: Course
    modules: Sequence[ModuleHealth]
    picture: Picture
    skills: Sequence[SkillRow]
    version: StructureVersion | None

    @property
    def hides_any(self) -> bool:
        skills = [one.attainment for one in self.skills if one.attainment]
        return any(one.is_hidden for one in self.modules) or any(one.is_hidden for one in skills)

    @property
    def hidden_note(self) -> str:
        return hidden_note() if self.hides_any else ""

    def file_url(self, file_format: str) -> str:
        query = urlencode({"course": self.course.key, "format": file_format})
        return f"{reverse('curriculum_pages:api-framework')}?{query}"

    @property
    def json_url(self) -> str:
        return self.file_url("json")

    @property
    def csv_url(self) -> str:
        return self.file_url("csv")

    @property
    def versions_url(self) -> str:
        query = urlencode({"course": self.course.key})
        return f"{reverse('curriculum_pages:framework-versions')}?{query}"


class FrameworkPage:
    """The courses that the filters select."""

    def __init__(self, filters: Filters, service: KpiQueryService) -> None:
        self.filters, self.service = filters, service
        self.query: KpiQuery = filters.kpi_query

    @property
    def fields(self) -> list[Field]:
        return [one for one in self.filters.fields if one.name in FILTERS]

    @property
    def period(self) -> str:
        return period_name(self.query.window or self.query.current)

    @cached_property
    def _modules(self) -> list[Module]:
        courses = self.service.reader.courses()
        if self.query.course:
            courses = courses.filter(pk=self.query.course.pk)
        rows = Module.objects.filter(course__in=courses).select_related("course")
        return list(rows.order_by("course__title", "course", "position"))

    @cached_property
    def _health(self) -> dict[int, ModuleHealth]:
        return health_of_modules(self._modules, self.service, self.query)

    @cached_property
    def weakest(self) -> ModuleHealth | None:
        return weakest(self._health.values())

    @cached_property
    def _skills(self) -> list[SkillNode]:
        """All skills, as prerequisites may be taught elsewhere."""
        rows = Skill.objects.prefetch_related("prerequisites", "modules")
        shown = {one.pk for one in self._modules}
        return [
            SkillNode(
                one.key,
                one.title,
                sorted(needed.key for needed in one.prerequisites.all()),
                sorted(module.pk for module in one.modules.all() if module.pk in shown),
            )
            for one in rows
        ]

    @cached_property
    def courses(self) -> list[CourseView]:
        by_course: dict[Course, list[ModuleHealth]] = defaultdict(list)
        for module in self._modules:
            by_course[module.course].append(self._health[module.pk])
        attainment = attainment_of_skills(self.service, self.query)[1] if by_course else {}
        latest = StructureVersion.objects.filter(course__in=by_course).latest_of_each()
        versions = {one.course_id: one for one in latest.defer("structure")}
        titles = {one.key: one.title for one in self._skills}
        return [
            self._view(course, its, attainment, versions.get(course.pk), titles)
            for course, its in by_course.items()
        ]

    def _view(
        self,
        course: Course,
        modules: Sequence[ModuleHealth],
        attainment: Mapping[str, Attainment],
        version: StructureVersion | None,
        titles: Mapping[str, str],
    ) -> CourseView:
        ids = [one.module.pk for one in modules]
        taught = [one for one in self._skills if set(one.modules) & set(ids)]
        own = [
            SkillNode(
                one.key, one.title, one.prerequisites, [pk for pk in ids if pk in one.modules]
            )
            for one in taught
        ]
        rows = [
            SkillRow(
                one.title,
                [pk in one.modules for pk in ids],
                ", ".join(titles[key] for key in one.prerequisites),
                attainment.get(one.key),
            )
            for one in own
        ]
        nodes = [*own, *self._guests(own)]
        return CourseView(course, modules, draw(modules, nodes, self.weakest), rows, version)

    def _guests(self, own: Sequence[SkillNode]) -> list[SkillNode]:
        """Return the prerequisites that other courses teach, without those that they require."""
        keys = {one.key for one in own}
        required = {key for one in own for key in one.prerequisites} - keys
        return [
            SkillNode(one.key, one.title, (), ()) for one in self._skills if one.key in required
        ]
