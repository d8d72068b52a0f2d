"""The rules in force: those of staff, the closest first, and then the built-in ones."""

from __future__ import annotations

from functools import cache

from statements.models import Mapping
from statements.rules import Emit, Rule
from statements.sources import built_in_rules
from statements.sources.caliper import CALIPER_RULES
from statements.translation import Index, by_verb

GRADE = "assessment.graded"


@cache
def _built_in() -> Index:
    return by_verb([*built_in_rules(), *CALIPER_RULES])


def current_rules() -> Index:
    """Return the rules by verb; one query."""
    written = sorted(Mapping.objects.all(), key=_closeness)
    if not written:
        return _built_in()
    own = by_verb(rule_of(one) for one in written)
    shipped = _built_in()
    return {
        verb: [*own.get(verb, ()), *shipped.get(verb, ())] for verb in own.keys() | shipped.keys()
    }


def _closeness(one: Mapping) -> tuple[int, int]:
    return -bool(one.activity_type) - bool(one.profile), -(one.pk or 0)


def rule_of(one: Mapping) -> Rule:
    """Return the rule that a mapping stands for."""
    types = (one.activity_type,) if one.activity_type else ()
    if not one.kind:
        return Rule(one.verb, types, profile=one.profile)
    is_grade = one.kind == GRADE
    data = {"attempt": "attempt", "max": _most(one)} if is_grade else {}
    part = Emit(
        one.kind,
        object=one.object_from,
        module=one.module_from,
        value=one.value_from,
        course=one.course_from or "course",
        run=one.run_from or ("" if one.course_from else "run"),
        data=data,
        needs=("value", "object") if is_grade else (),
    )
    return Rule(one.verb, types, (part,), profile=one.profile)


def _most(one: Mapping) -> str:
    if one.value_max is not None:
        return f"={one.value_max:.15g}"
    return "max-points" if one.value_from == "points" else ""
