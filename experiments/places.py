"""Where a variant's values apply, and where they are set when it is shipped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from curriculum import parameters
from curriculum.models import Course, CourseRun, Module, Parameter
from curriculum.parameters import ParameterDefinition, UnknownParameterError
from experiments.models import Experiment, VariantValue


@dataclass(frozen=True)
class Place:
    """A course, a run or a module; empty for the whole site."""

    course: Course | None = None
    run: CourseRun | None = None
    module: Module | None = None

    def __str__(self) -> str:
        return str(self.module or self.run or self.course or gettext("whole site"))

    @property
    def kind(self) -> str:
        if self.module or self.run:
            return "module" if self.module else "run"
        return "course" if self.course else "site"

    def value(self, key: str, at: datetime) -> Decimal:
        """Return the value that applies here, the place's own or the inherited one."""
        part = self.module or self.run
        found = parameters.effective(
            [key],
            at=at,
            course=part.course if part else self.course,
            run=self.run,
            module=self.module,
        )
        return found[key]

    def parameter(self, key: str) -> Parameter:
        """Return the parameter's row here, created if it is missing."""
        return parameters.parameter_for(key, course=self.course, run=self.run, module=self.module)


def places_of(experiment: Experiment, value: VariantValue) -> list[Place]:
    """Return the module of a value, or else the courses and runs of the audience."""
    if value.module:
        return [Place(module=value.module)]
    courses = [Place(course=one) for one in experiment.courses.all()]
    runs = [Place(run=one) for one in experiment.runs.select_related("course")]
    return [*courses, *runs] or [Place()]


def problem_of(experiment: Experiment, value: VariantValue, at: datetime) -> str:
    """Return why a variant cannot have this value, in a sentence; empty if it can."""
    try:
        definition = parameters.definition_of(value.parameter_key)
    except UnknownParameterError:
        return gettext("There is no parameter %(key)s.") % {"key": value.parameter_key}
    names = {"parameter": gettext(definition.name), "variant": value.variant}
    if definition.is_retired:
        return gettext("%(parameter)s is no longer used.") % names
    if not definition.is_adjustable:
        return (
            gettext(
                "%(parameter)s is a measurement setting: it defines how figures are computed, so "
                "an experiment cannot change it."
            )
            % names
        )
    try:
        definition.value_type.check(value.value)
    except ValidationError as error:
        return f"{value.variant}: {' '.join(error.messages)}"
    return _misplaced(experiment, value, definition) or _same(experiment, value, definition, at)


def _misplaced(experiment: Experiment, value: VariantValue, definition: ParameterDefinition) -> str:
    names = {"parameter": gettext(definition.name), "module": value.module}
    if value.module and not _covers(experiment, value.module.course_id):
        return gettext("%(module)s belongs to a course that is not in the audience.") % names
    allowed = {*definition.scopes, *(("site",) if definition.is_site_wide else ())}
    for place in places_of(experiment, value):
        if place.kind not in allowed:
            return gettext(
                "%(parameter)s cannot have a value of its own for %(place)s. It can for: %(kinds)s."
            ) % {**names, "place": place, "kinds": ", ".join(_kinds(allowed))}
    return ""


def _kinds(allowed: set[str]) -> list[str]:
    labels = {
        "site": gettext("the whole site"),
        "course": gettext("courses"),
        "run": gettext("runs"),
        "module": gettext("modules"),
    }
    return [label for kind, label in labels.items() if kind in allowed]


def _covers(experiment: Experiment, course_id: int) -> bool:
    """True if the audience has learners of this course."""
    courses = set(experiment.courses.values_list("pk", flat=True))
    runs = set(experiment.runs.values_list("course", flat=True))
    return course_id in courses | runs or not (courses or runs)


def _same(
    experiment: Experiment, value: VariantValue, definition: ParameterDefinition, at: datetime
) -> str:
    for place in places_of(experiment, value):
        if place.value(value.parameter_key, at) == value.value:
            return gettext(
                "%(variant)s: %(parameter)s already is %(value)s for %(place)s, so there is "
                "nothing to compare."
            ) % {
                "variant": value.variant,
                "parameter": gettext(definition.name),
                "value": definition.written(value.value),
                "place": place,
            }
    return ""


def narrower_rows(place: Place, key: str) -> QuerySet[Parameter]:
    """Return the parameter's rows inside a course or the site, which override the value there."""
    rows = Parameter.objects.filter(key=key)
    if place.kind == "site":
        return rows.exclude(course=None, run=None, module=None)
    if place.course is None:
        return rows.none()
    return rows.filter(Q(run__course=place.course) | Q(module__course=place.course))
