"""Look up values at a moment: of an arm, a module, a run, a course or the whole site."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext

from core.registry import Registry
from curriculum.models import Course, CourseRun, Learner, Module, Parameter, ParameterChange
from curriculum.parameters.definitions import DECLARED

# ids of a course, a run and a module: those of a row have at most one
RowScope = tuple[int | None, int | None, int | None]
SITE: RowScope = (None, None, None)


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


@dataclass(frozen=True, kw_only=True)
class Question:
    """Which value of a parameter applies at a moment, in a scope and for a learner, if any."""

    key: str
    at: datetime
    scope: ParameterScope = ParameterScope()
    learner_id: int | None = None


# Answers the questions about learners in an experiment's arm that has a value of its own.
ArmValues = Callable[[Collection[Question]], Mapping[Question, Decimal]]
# The slot that experiments fill; without any, no learner is in an arm.
ARM_VALUES: Registry[ArmValues] = Registry("Arm values")  # not translated: for programmers


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
    return values | _values_of_arms(questions)


def _values_of_arms(questions: Collection[Question]) -> dict[Question, Decimal]:
    """Ask the arms about curriculum parameters only; ValueError when one answers otherwise."""
    asked = {one for one in questions if one.learner_id is not None and is_adjustable(one.key)}
    found: dict[Question, Decimal] = {}
    for answer in ARM_VALUES.values() if asked else ():
        found |= answer(asked)
    if unasked := {one.key for one in found.keys() - asked}:
        raise ValueError(f"An arm may not override {', '.join(sorted(unasked))}.")
    return found


def is_adjustable(key: str) -> bool:
    """Return whether rules, improvements and experiments may change a parameter."""
    declared = DECLARED.get(key)
    return declared is not None and declared.role == Parameter.Role.CURRICULUM


def current_value(key: str, *, course: Course | None = None) -> Decimal:
    """Return the course's own value, else the site's; KeyError for an undeclared key."""
    return effective([key], at=timezone.now(), course=course)[key]


def own_value(row: Parameter, changes: Sequence[ParameterChange], at: datetime) -> Decimal | None:
    """Return the value that a row has at a moment; None while its scope inherits.

    `changes` are those of the row that took or will take effect, the earliest first. The site has
    a value before its first change, other scopes inherit until then.
    """
    begun = [one for one in changes if one.applies_from <= at]
    if begun:
        return begun[-1].new_value
    if not row.is_site_wide:
        return None
    return changes[0].old_value if changes else row.value


class ParameterHistory:
    """The values of some parameters over time, loaded with two queries for many look-ups."""

    def __init__(
        self, keys: Iterable[str], *, scopes: Collection[ParameterScope] | None = None
    ) -> None:
        """Load all scopes, or only those named and what they inherit from."""
        rows = list(Parameter.objects.filter(_is_in(scopes), key__in=list(keys)).order_by())
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

        A run or a module does not imply its course. KeyError for an unknown key.
        """
        scope = ParameterScope(course_id=course_id, run_id=run_id, module_id=module_id)
        for row_scope in scope.inherited_from():
            row = self._rows.get((key, row_scope))
            value = own_value(row, self._changes[row.pk], at) if row else None
            if value is not None:
                return value
        return DECLARED[key].default


def _is_in(scopes: Collection[ParameterScope] | None) -> Q:
    if scopes is None:
        return Q()
    found = Q(course=None, run=None, module=None)
    for name in ("course_id", "run_id", "module_id"):
        ids = {getattr(one, name) for one in scopes} - {None}
        found |= Q(**{f"{name}__in": ids}) if ids else Q()
    return found
