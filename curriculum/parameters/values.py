"""Look up values at a moment: of an arm, a module, a run, a course or the whole site."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext

from core.registry import Registry
from curriculum.models import Course, CourseRun, Learner, Module, Parameter, ParameterChange
from curriculum.parameters.definitions import DECLARED, ParameterDefinition, definition_of_row, load

# ids of a course, a run and a module: those of a row have at most one
RowScope = tuple[int | None, int | None, int | None]
SITE: RowScope = (None, None, None)


class Source(StrEnum):
    """Where a value comes from, the narrowest first."""

    EXPERIMENT = "experiment"
    MODULE = "module"
    RUN = "run"
    COURSE = "course"
    SITE = "site"
    STRUCTURE = "structure"  # the field of the module itself


@dataclass(frozen=True, kw_only=True)
class ParameterScope:
    """Where a value is asked for, by ids. Give the course of a run or a module as well."""

    course_id: int | None = None
    run_id: int | None = None
    module_id: int | None = None

    @classmethod
    def of(
        cls,
        *,
        course: Course | None = None,
        run: CourseRun | None = None,
        module: Module | None = None,
    ) -> ParameterScope:
        """Find the course; ValidationError for a run or module of another course."""
        named = [course.pk] if course else []
        courses = {*named, *(one.course_id for one in (run, module) if one)}
        if len(courses) > 1:
            raise ValidationError(gettext("The run or module belongs to another course."))
        return cls(
            course_id=next(iter(courses), None),
            run_id=run.pk if run else None,
            module_id=module.pk if module else None,
        )

    def inherited_from(self) -> Iterator[RowScope]:
        """Yield where a value may be set, the narrowest first."""
        if self.module_id is not None:
            yield None, None, self.module_id
        if self.run_id is not None:
            yield None, self.run_id, None
        if self.course_id is not None:
            yield self.course_id, None, None
        yield SITE

    def sources(self) -> Iterator[Source]:
        """Name the places of `inherited_from`."""
        named = (
            (self.module_id, Source.MODULE),
            (self.run_id, Source.RUN),
            (self.course_id, Source.COURSE),
        )
        yield from (source for pk, source in named if pk is not None)
        yield Source.SITE


@dataclass(frozen=True, kw_only=True)
class Question:
    """Which value of a parameter applies at a moment, in a scope and for a learner, if any."""

    key: str
    at: datetime
    scope: ParameterScope = ParameterScope()
    learner_id: int | None = None


@dataclass(frozen=True)
class Arms:
    """What experiments know: the parameters that their arms override, and the learners' values.

    `values` answers the questions about learners in an arm that has a value of its own.
    """

    keys: Callable[[], Collection[str]]
    values: Callable[[Collection[Question]], Mapping[Question, Decimal]]


# The slot that experiments fill; without any, no learner is in an arm.
ARMS: Registry[Arms] = Registry("Arms")  # not translated: for programmers


def effective(
    keys: Iterable[str],
    *,
    at: datetime,
    course: Course | None = None,
    run: CourseRun | None = None,
    module: Module | None = None,
    learner: Learner | None = None,
) -> dict[str, Decimal]:
    """Return the values that apply at a moment, by key.

    The first of these has its own value: the learner's arm, the module, the run, the course, the
    site. KeyError for an unknown key, ValidationError for a run or module of another course.
    """
    scope = ParameterScope.of(course=course, run=run, module=module)
    learner_id = learner.pk if learner else None
    questions = [Question(key=key, at=at, scope=scope, learner_id=learner_id) for key in keys]
    return {one.key: value for one, value in effective_values(questions).items()}


def effective_values(questions: Collection[Question]) -> dict[Question, Decimal]:
    """Answer many questions with two queries, plus those of the learners' arms."""
    history = ParameterHistory(
        {one.key for one in questions}, scopes={one.scope for one in questions}
    )
    values = {
        one: history.value(
            one.key,
            one.at,
            course_id=one.scope.course_id,
            run_id=one.scope.run_id,
            module_id=one.scope.module_id,
        )
        for one in questions
    }
    return values | values_of_arms(questions)


def overridden_by_arms() -> set[str]:
    """Return the keys of the parameters that an arm of any experiment overrides or did."""
    return {key for arms in ARMS.values() for key in arms.keys()}  # noqa: SIM118 - not a mapping


def values_of_arms(
    questions: Collection[Question], definitions: Mapping[str, ParameterDefinition] | None = None
) -> dict[Question, Decimal]:
    """Ask the arms about curriculum parameters only; ValueError when one answers otherwise.

    Pass the `definitions` of the parameters if they are at hand.
    """
    about_learners = {one for one in questions if one.learner_id is not None}
    overridden = overridden_by_arms() if about_learners else ()
    about_learners = {one for one in about_learners if one.key in overridden}
    if not about_learners:
        return {}
    if definitions is None:
        definitions = load({one.key for one in about_learners})
    asked = {one for one in about_learners if definitions[one.key].is_adjustable}
    found: dict[Question, Decimal] = {}
    for arms in ARMS.values() if asked else ():
        found |= arms.values(asked)
    if unasked := {one.key for one in found.keys() - asked}:
        raise ValueError(f"An arm may not override {', '.join(sorted(unasked))}.")
    return found


def current_value(key: str, *, course: Course | None = None) -> Decimal:
    """Return the course's own value, else the site's; UnknownParameterError for an unknown key."""
    return effective([key], at=timezone.now(), course=course)[key]


def own_value(row: Parameter, changes: Sequence[ParameterChange], at: datetime) -> Decimal | None:
    """Return the value that a row has at a moment; None while its scope inherits.

    `changes` are those of the row that took or will take effect, the earliest first. The site has
    a value before its first change, other scopes inherit until then.
    """
    if change := _begun(changes, at):
        return change.new_value
    if not row.is_site_wide:
        return None
    return changes[0].old_value if changes else row.value


def _begun(changes: Sequence[ParameterChange], at: datetime) -> ParameterChange | None:
    """Return the last change that has begun."""
    return next((one for one in reversed(changes) if one.applies_from <= at), None)


@dataclass(frozen=True)
class FoundValue:
    """A value, where it comes from, and since when; None: since before the history."""

    value: Decimal
    source: Source
    effective_from: datetime | None = None


class ParameterHistory:
    """The values of some parameters over time, loaded with two queries for many look-ups.

    Parameters that staff added, and those of the course structure, take one more each.
    """

    def __init__(
        self,
        keys: Iterable[str] | None,
        *,
        scopes: Collection[ParameterScope] | None = None,
        modules: Collection[Module] | None = None,
    ) -> None:
        """Load all scopes, or only those named and what they inherit from.

        Without `keys`, load every parameter. Pass the `modules` of the scopes if they are at hand.
        """
        self._keys = None if keys is None else list(keys)
        self._scopes, self._modules = scopes, modules
        found = Parameter.objects.filter(_is_in(scopes)).order_by()
        rows = list(found if self._keys is None else found.filter(key__in=self._keys))
        self._rows = {(row.key, row.scope_ids): row for row in rows}
        self._changes: dict[int, list[ParameterChange]] = defaultdict(list)
        for change in ParameterChange.objects.filter(parameter__in=rows).in_effective_order():
            self._changes[change.parameter_id].append(change)

    def value(
        self,
        key: str,
        at: datetime,
        *,
        course_id: int | None = None,
        run_id: int | None = None,
        module_id: int | None = None,
    ) -> Decimal:
        """Return the value at a moment: the module's own, else the run's, the course's, the site's.

        A run or a module does not imply its course. UnknownParameterError for an unknown key.
        """
        scope = ParameterScope(course_id=course_id, run_id=run_id, module_id=module_id)
        found = self.found(key, at, scope)
        return found.value if found else load([key])[key].default

    def courses_of(self, key: str) -> set[int]:
        """Return the courses for which the parameter has, or had, a value of their own."""
        return {
            course
            for row, (course, run, module) in self._rows
            if row == key and course is not None and run is None and module is None
        }

    def found(self, key: str, at: datetime, scope: ParameterScope) -> FoundValue | None:
        """Return the value at a moment and where it comes from; None where nothing has one."""
        for row_scope, source in zip(scope.inherited_from(), scope.sources(), strict=True):
            row = self._rows.get((key, row_scope))
            if row is None:
                continue
            changes = self._changes[row.pk]
            value = own_value(row, changes, at)
            if value is not None:
                begun = _begun(changes, at)
                return FoundValue(value, source, begun.applies_from if begun else None)
        in_structure = self._in_structure.get(key, {}).get(scope.module_id or 0)
        if in_structure is not None:
            return FoundValue(Decimal(in_structure), Source.STRUCTURE)
        return None

    def own(
        self, key: str, at: datetime, *, run_id: int | None = None, module_id: int | None = None
    ) -> Decimal | None:
        """Return what the module or else the run says itself; None if neither does."""
        for row_scope in ((None, None, module_id), (None, run_id, None)):
            row = self._rows.get((key, row_scope)) if any(row_scope) else None
            value = own_value(row, self._changes[row.pk], at) if row else None
            if value is not None:
                return value
        return None

    @property
    def definitions(self) -> dict[str, ParameterDefinition]:
        """The declared parameters, then those that staff added; needs a history of all of them."""
        added = {
            row.key: definition_of_row(row)
            for row in self._rows.values()
            if row.is_added and row.is_site_wide and not row.is_retired
        }
        return dict(DECLARED) | dict(sorted(added.items()))

    @property
    def changes(self) -> Iterator[ParameterChange]:
        """All changes that took or will take effect."""
        return (one for changes in self._changes.values() for one in changes)

    @cached_property
    def _in_structure(self) -> dict[str, dict[int, int]]:
        """The values of modules by key and module, for parameters of the course structure."""
        keys = DECLARED.keys() if self._keys is None else DECLARED.keys() & set(self._keys)
        fields = {key: DECLARED[key].structure_field for key in keys}
        if self._modules is not None:
            return {
                key: {one.pk: getattr(one, field) for one in self._modules}
                for key, field in fields.items()
                if field
            }
        modules = Module.objects.order_by()
        if self._scopes is not None:
            ids = {one.module_id for one in self._scopes if one.module_id is not None}
            modules = modules.filter(pk__in=ids)
        return {
            key: dict(modules.values_list("pk", field)) for key, field in fields.items() if field
        }


def _is_in(scopes: Collection[ParameterScope] | None) -> Q:
    if scopes is None:
        return Q()
    found = Q(course=None, run=None, module=None)
    for name in ("course_id", "run_id", "module_id"):
        ids = {getattr(one, name) for one in scopes} - {None}
        found |= Q(**{f"{name}__in": ids}) if ids else Q()
    return found
