"""Skills that learners should have before others; no skill may require itself, even indirectly."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from graphlib import CycleError, TopologicalSorter

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from curriculum.models import Skill


def check(skill: Skill, chosen: Collection[Skill]) -> None:
    """ValidationError if these prerequisites would make a skill require itself."""
    links = Skill.prerequisites.through.objects.values_list("from_skill__key", "to_skill__key")
    required: dict[str, set[str]] = {}
    for key, needed in links.exclude(from_skill=skill.pk):
        required.setdefault(key, set()).add(needed)
    check_all(required | {skill.key: {one.key for one in chosen}})


def check_all(required: Mapping[str, Collection[str]]) -> None:
    """ValidationError that names a circle of skills that require each other, if there is one."""
    if circle := circle_of(required):
        raise ValidationError(sentence(circle), code="circle")


def circle_of(required: Mapping[str, Collection[str]]) -> list[str]:
    """Return skills of which each requires the next, from one to itself; empty if none do."""
    try:
        TopologicalSorter(required).prepare()
    except CycleError as error:
        # the sorter names each one before those that require it, and the first one again at the end
        circle = list(reversed(error.args[1][1:]))
        first = circle.index(min(circle))
        return [*circle[first:], *circle[: first + 1]]
    return []


def sentence(circle: list[str]) -> str:
    return gettext("A skill cannot require itself: %(skills)s.") % {"skills": " → ".join(circle)}
