"""Complete what a KPI declares that it reads, and say what is wrong with it."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import DateField

from core.changes import REPORTED
from curriculum.models import Enrollment
from kpis.definitions.facts import Facts
from kpis.definitions.lookup_paths import TARGETS, field_at, leads_to
from kpis.definitions.scopes import path_to


def facts_declared(key: str, **fields: Any) -> Facts:
    """Complete the paths that follow from others; ValueError for a wrong declaration."""
    facts = _completed(Facts(**fields))
    for check in CHECKS:
        if problem := check(facts):
            raise ValueError(f"{key}: {problem}")
    return facts


def _completed(facts: Facts) -> Facts:
    """Fill in the paths that follow from the model or from the enrollment."""
    enrollment = facts.enrollment
    if enrollment is None and facts.person is None and facts.people is None:
        if facts.model is Enrollment:
            enrollment = ""
        elif leads_to(facts.model, "enrollment", Enrollment):
            enrollment = "enrollment"
    person = facts.person or _path_of(facts, "person", enrollment)
    return replace(
        facts,
        enrollment=enrollment,
        course=facts.course or _path_of(facts, "course", enrollment),
        run=facts.run or _path_of(facts, "run", enrollment),
        person=person,
        people=facts.people or person,
    )


def _path_of(facts: Facts, name: str, enrollment: str | None) -> str | None:
    """Return the path through the enrollment, or to a field of that name."""
    if enrollment is not None:
        return path_to("learner" if name == "person" else name, enrollment)
    return name if leads_to(facts.model, name, TARGETS[name]) else None


def _check_dates(facts: Facts) -> str:
    dates = sorted(one.name for one in facts.model._meta.fields if isinstance(one, DateField))
    name = facts.model.__name__
    if not dates:
        return f"{name} has no date, so its rows belong to no period."
    for argument, path in (("at", facts.at), ("until", facts.until)):
        if path is None:
            continue
        if not path:
            return f"`{argument}` should name the date by which a row of {name} counts: {dates}."
        try:
            is_date = isinstance(field_at(facts.model, path), DateField)
        except FieldDoesNotExist:
            is_date = False
        if not is_date:
            return f"{name} has no date “{path}” for `{argument}`; it has {', '.join(dates)}."
    return ""


def _check_reported(facts: Facts) -> str:
    for path in filter(None, (facts.at, facts.until)):
        if path not in REPORTED.get(facts.model, ()):
            known = sorted(
                f"{one.__name__}.{name}" for one, dates in REPORTED.items() for name in dates
            )
            return (
                f"no handler notes when {facts.model.__name__}.{path} changes, so figures would "
                "not follow it. Have the handlers do so and say it with @reported "
                f"(core/changes.py), or use one of {', '.join(known)}."
            )
    for model in facts.reads:
        if model not in REPORTED:
            return (
                f"`reads`: no handler notes when {model.__name__} changes, so figures would not "
                "follow it. Have the handlers do so and say it with @reported (core/changes.py)."
            )
    return ""


def _check_paths(facts: Facts) -> str:
    for name, target in TARGETS.items():
        path = getattr(facts, name)
        if path is not None and not leads_to(facts.model, path, target):
            return (
                f"`{name}` should be a lookup path from {facts.model.__name__} to "
                f"{target.__name__}; “{path}” is none."
            )
    return ""


def _check_course(facts: Facts) -> str:
    if facts.course is None:
        return (
            f"`course` should name the lookup path from {facts.model.__name__} to the course, or "
            "`enrollment` the path to the enrollment."
        )
    return ""


def _check_ratio(facts: Facts) -> str:
    try:
        wanted = [
            one
            for one in inspect.signature(facts.ratio).parameters.values()
            if one.kind is not one.VAR_KEYWORD and one.default is one.empty
        ]
    except (TypeError, ValueError):
        wanted = []
    if len(wanted) not in (1, 2) or any(one.kind is one.KEYWORD_ONLY for one in wanted):
        return "the function should take the rows or, as a second parameter, also the `Cut`."
    return ""


def _check_people(facts: Facts) -> str:
    if not facts.people:
        return (
            f"`person` should name the lookup path from {facts.model.__name__} to the learner, or "
            "`people` the path to whoever counts as one person."
        )
    try:
        is_relation = field_at(facts.model, facts.people).is_relation
    except FieldDoesNotExist:
        is_relation = False
    return "" if is_relation else f"`people`: “{facts.people}” leads to no row of a person."


def _check_reads(facts: Facts) -> str:
    for model, link in facts.reads.items():
        if isinstance(link, str) and not leads_to(model, link, facts.model):
            return (
                f"`reads`: “{link}” should be a lookup path from {model.__name__} to "
                f"{facts.model.__name__}, or a function that maps rows of one to rows of the other."
            )
    return ""


CHECKS = (
    *(_check_dates, _check_paths, _check_course, _check_people, _check_reads),
    *(_check_reported, _check_ratio),
)
