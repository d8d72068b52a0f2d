"""What changed between two structures of a course, in order of the course."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from django.utils.translation import gettext, gettext_lazy

from core import localized
from core.lazy_text import LazyText
from curriculum.structure.snapshot import COURSE_FIELDS, MODULE_FIELDS, Structure

FIELD_NAMES: Mapping[str, LazyText] = {
    "title": gettext_lazy("title"),
    "nominal_days": gettext_lazy("nominal length in days"),
    "is_required": gettext_lazy("required"),
    "planned_days": gettext_lazy("planned days"),
    "effort_minutes": gettext_lazy("effort in minutes"),
    "skills": gettext_lazy("skills"),
    "prerequisites": gettext_lazy("prerequisites"),
}
ADDED, REMOVED, MOVED, CHANGED = "added", "removed", "moved", "changed"
SENTENCES: Mapping[tuple[str, str], LazyText] = {
    ("course", ADDED): gettext_lazy("Course “%(title)s” is new."),
    ("course", CHANGED): gettext_lazy("Course “%(title)s”: %(field)s %(before)s → %(after)s."),
    ("module", ADDED): gettext_lazy("Module “%(title)s” is new, at position %(after)s."),
    ("module", REMOVED): gettext_lazy("Module “%(title)s” is gone."),
    ("module", MOVED): gettext_lazy("Module “%(title)s” moved from %(before)s to %(after)s."),
    ("module", CHANGED): gettext_lazy("Module “%(title)s”: %(field)s %(before)s → %(after)s."),
    ("skill", ADDED): gettext_lazy("Skill “%(title)s” is taught from now on."),
    ("skill", REMOVED): gettext_lazy("Skill “%(title)s” is no longer taught."),
    ("skill", CHANGED): gettext_lazy("Skill “%(title)s”: %(field)s %(before)s → %(after)s."),
}


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One change of a course, a module or a skill; `field` is empty unless a field changed."""

    subject: str
    change: str
    key: str
    title: str
    field: str = ""
    before: Any = None
    after: Any = None

    @property
    def sentence(self) -> str:
        return str(SENTENCES[self.subject, self.change]) % {
            "title": self.title,
            "field": FIELD_NAMES.get(self.field, self.field),
            "before": _text(self.before),
            "after": _text(self.after),
        }


def differences(before: Structure | None, after: Structure) -> list[Difference]:
    """List what must be done to `before` to get `after`; None: the course is new."""
    if before is None:
        is_new = Difference(subject="course", change=ADDED, key=after["key"], title=after["title"])
        return [is_new, *_modules([], after["modules"]), *skill_differences([], after["skills"])]
    return [
        *_fields("course", before, after, COURSE_FIELDS),
        *_modules(before["modules"], after["modules"]),
        *skill_differences(before["skills"], after["skills"]),
    ]


def _fields(
    subject: str, before: Structure, after: Structure, names: tuple[str, ...]
) -> Iterator[Difference]:
    for name in names:
        if before[name] != after[name]:
            yield Difference(
                subject=subject,
                change=CHANGED,
                key=after["key"],
                title=after["title"],
                field=name,
                before=before[name],
                after=after[name],
            )


def _modules(before: Sequence[Structure], after: Sequence[Structure]) -> Iterator[Difference]:
    old, new = _by_key(before), _by_key(after)
    yield from _gone("module", old, new)
    moved = _moved([key for key in old if key in new], [key for key in new if key in old])
    places = {key: place for place, key in enumerate(old, 1)}
    for place, (key, module) in enumerate(new.items(), 1):
        if key not in old:
            yield _one("module", ADDED, module, after=place)
            continue
        if key in moved:
            yield _one("module", MOVED, module, before=places[key], after=place)
        yield from _fields("module", old[key], module, (*MODULE_FIELDS, "skills"))


def _moved(before: list[str], after: list[str]) -> set[str]:
    """Return the keys that left their order; the longest parts in common stayed."""
    blocks = SequenceMatcher(a=before, b=after, autojunk=False).get_matching_blocks()
    stayed = {key for block in blocks for key in before[block.a : block.a + block.size]}
    return set(before) - stayed


def skill_differences(
    before: Sequence[Structure], after: Sequence[Structure]
) -> Iterator[Difference]:
    old, new = _by_key(before), _by_key(after)
    yield from _gone("skill", old, new)
    for key, skill in new.items():
        if key not in old:
            yield _one("skill", ADDED, skill)
            if skill["prerequisites"]:
                bare = {**skill, "prerequisites": []}
                yield from _fields("skill", bare, skill, ("prerequisites",))
        else:
            yield from _fields("skill", old[key], skill, ("title", "prerequisites"))


def _gone(
    subject: str, old: Mapping[str, Structure], new: Mapping[str, Structure]
) -> Iterator[Difference]:
    for key in [one for one in old if one not in new]:
        yield _one(subject, REMOVED, old[key])


def _one(
    subject: str, change: str, row: Structure, before: int | None = None, after: int | None = None
) -> Difference:
    return Difference(
        subject=subject,
        change=change,
        key=row["key"],
        title=row["title"],
        before=before,
        after=after,
    )


def _by_key(rows: Sequence[Structure]) -> dict[str, Structure]:
    return {one["key"]: one for one in rows}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, int):
        return localized.number(value)
    if isinstance(value, list):
        return ", ".join(value) or gettext("none")
    return f"“{value}”"
