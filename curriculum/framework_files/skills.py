"""Set the skills that modules teach, and the prerequisites of skills, as a file says."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from django.db.models import Model, QuerySet
from django.utils.translation import gettext

from core.external_keys import ids_by_key
from curriculum.framework_files.records import Framework, FrameworkFileError, Problem, Record
from curriculum.models import Module, Skill
from curriculum.structure import prerequisites
from curriculum.structure.differences import Difference, skill_differences
from curriculum.structure.snapshot import Structure

Pairs = set[tuple[int, int]]


def apply(framework: Framework, modules: Mapping[tuple[str, str], Module]) -> None:
    """FrameworkFileError for skills that nobody knows, and for circles of prerequisites."""
    ids = _saved(framework)
    taught = [
        (modules[one.course.key, module.key].pk, module)
        for one in framework.courses
        for module in one.modules
        if "skills" in module.values
    ]
    required = [(ids[one.key], one) for one in framework.skills if "prerequisites" in one.values]
    _set_links(
        Skill.modules.through,
        ("module_id", "skill_id"),
        [pk for pk, _ in taught],
        {(pk, ids[key]) for pk, module in taught for key in module.values["skills"]},
    )
    _set_links(
        Skill.prerequisites.through,
        ("from_skill_id", "to_skill_id"),
        [pk for pk, _ in required],
        {(pk, ids[key]) for pk, skill in required for key in skill.values["prerequisites"]},
    )
    _refuse_circles(framework)


def _saved(framework: Framework) -> dict[str, int]:
    """Create the skills that are new, set the titles, and return all ids by key."""
    listed = {one.key: one for one in framework.skills}
    named = [*_named(framework)]
    ids = ids_by_key(Skill, {*listed, *(key for _, _, key in named)})
    problems = [
        record.problem(gettext("There is no skill “%(key)s”.") % {"key": key}, name)
        for record, name, key in named
        if key not in ids and key not in listed
    ]
    if problems:
        raise FrameworkFileError(problems)
    titles = {key: str(one.values.get("title", "")) for key, one in listed.items()}
    Skill.objects.bulk_create(
        [Skill(key=key, title=titles[key] or key) for key in listed if key not in ids]
    )
    changed = [
        Skill(pk=ids[key], title=title) for key, title in titles.items() if title and key in ids
    ]
    Skill.objects.bulk_update(changed, ["title"], batch_size=500)
    return ids_by_key(Skill, {*ids, *listed})


def _named(framework: Framework) -> Iterable[tuple[Record, str, str]]:
    for record in framework.records:
        for name in ("skills", "prerequisites"):
            for key in record.values.get(name, ()):
                yield record, name, key


def _set_links(
    through: type[Model], columns: tuple[str, str], owners: Sequence[int], wanted: Pairs
) -> None:
    """Make these the only links of the owners, without touching those that exist already."""
    rows: QuerySet[Model] = QuerySet(through).filter(**{f"{columns[0]}__in": owners})
    existing = {(owner, other): pk for pk, owner, other in rows.values_list("pk", *columns)}
    gone = [pk for pair, pk in existing.items() if pair not in wanted]
    rows.filter(pk__in=gone).delete()
    rows.bulk_create(
        [
            through(**dict(zip(columns, pair, strict=True)))
            for pair in sorted(wanted - existing.keys())
        ],
        batch_size=500,
    )


def _refuse_circles(framework: Framework) -> None:
    links = Skill.prerequisites.through.objects.values_list("from_skill__key", "to_skill__key")
    required: dict[str, set[str]] = {}
    for key, needed in links:
        required.setdefault(key, set()).add(needed)
    if circle := prerequisites.circle_of(required):
        raise FrameworkFileError([_circle_problem(framework, circle)])


def _circle_problem(framework: Framework, circle: list[str]) -> Problem:
    in_circle = [one for one in framework.skills if one.key in circle]
    return in_circle[-1].problem(prerequisites.sentence(circle), "prerequisites")


def structures(framework: Framework) -> list[Structure]:
    """Return the skills of the file as they are now, as in the structure of a course."""
    keys = [one.key for one in framework.skills]
    rows = Skill.objects.filter(key__in=keys).order_by("key").prefetch_related("prerequisites")
    return [
        {
            "key": one.key,
            "title": one.title,
            "prerequisites": sorted(needed.key for needed in one.prerequisites.all()),
        }
        for one in rows
    ]


def untaught_differences(
    before: Sequence[Structure], after: Sequence[Structure], courses: Collection[Structure]
) -> list[Difference]:
    """List what changes in skills that none of the courses teaches."""
    taught = {skill["key"] for course in courses for skill in course["skills"]}
    old, new = ([one for one in skills if one["key"] not in taught] for skills in (before, after))
    return list(skill_differences(old, new))
