"""The courses, modules and skills that a file describes, whatever its format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.translation import gettext

from curriculum.models import Course, Module, Skill

LARGEST = 2_147_483_647
MODELS: Mapping[str, type[Model]] = {"course": Course, "module": Module, "skill": Skill}
FIELDS: Mapping[str, tuple[str, ...]] = {
    "course": ("key", "title", "nominal_days", "version"),
    "module": ("key", "title", "is_required", "planned_days", "effort_minutes", "skills"),
    "skill": ("key", "title", "prerequisites"),
}
LEAST = {"nominal_days": 1, "version": 1}
WHOLE = ("nominal_days", "version", "planned_days", "effort_minutes")
LISTS = ("skills", "prerequisites")


@dataclass(frozen=True, order=True)
class Problem:
    """What is wrong in a line; `field` is empty if it is the line as a whole."""

    line: int
    field: str
    text: str

    @property
    def sentence(self) -> str:
        if not self.field:
            return gettext("Line %(line)s: %(text)s") % {"line": self.line, "text": self.text}
        return gettext("Line %(line)s, %(field)s: %(text)s") % {
            "line": self.line,
            "field": self.field,
            "text": self.text,
        }


class FrameworkFileError(Exception):
    """A file that cannot be imported, with everything that is wrong in it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(problems)
        super().__init__("\n".join(one.sentence for one in self.problems))


@dataclass(frozen=True)
class Record:
    """One course, module or skill: the fields that the file gives, and their lines."""

    kind: str
    line: int
    values: Mapping[str, Any]
    lines: Mapping[str, int] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return str(self.values.get("key", ""))

    def problem(self, text: str, name: str = "") -> Problem:
        return Problem(self.lines.get(name, self.line), name, text)

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with the fields, looked at one by one."""
        if "key" not in self.values:
            yield self.problem(gettext("The key is missing."), "key")
        for name, value in self.values.items():
            try:
                _check(self.kind, name, value)
            except ValidationError as error:
                yield self.problem(" ".join(error.messages), name)


@dataclass(frozen=True)
class CourseRecord:
    """A course and its modules in order."""

    course: Record
    modules: Sequence[Record]


@dataclass(frozen=True)
class Framework:
    """All that a file describes."""

    courses: Sequence[CourseRecord]
    skills: Sequence[Record]

    @property
    def records(self) -> Iterator[Record]:
        for one in self.courses:
            yield one.course
            yield from one.modules
        yield from self.skills

    def check(self) -> None:
        """FrameworkFileError if a field is wrong or a key is used twice."""
        found = [problem for record in self.records for problem in record.problems()]
        found += _repeated([one.course for one in self.courses])
        found += _repeated(self.skills)
        for one in self.courses:
            found += _repeated(one.modules)
        if found:
            raise FrameworkFileError(found)


def _repeated(records: Sequence[Record]) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for record in records:
        if record.key in seen:
            text = gettext("“%(key)s” is already in line %(line)s.")
            yield record.problem(text % {"key": record.key, "line": seen[record.key]}, "key")
        seen.setdefault(record.key, record.line)


def _check(kind: str, name: str, value: Any) -> None:
    """ValidationError with a sentence that says what would be right."""
    if name not in FIELDS[kind]:
        raise ValidationError(
            gettext("There is no such field. Allowed: %(fields)s.")
            % {"fields": ", ".join(FIELDS[kind])}
        )
    if name in WHOLE:
        _check_whole(value, LEAST.get(name, 0))
    elif name in LISTS:
        _check_list(value)
    elif name == "is_required":
        if not isinstance(value, bool):
            raise ValidationError(gettext("Enter true or false."))
    else:
        _check_text(value)
        MODELS[kind]._meta.get_field(name).clean(value, None)  # type: ignore[union-attr]


def _check_whole(value: Any, least: int) -> None:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if not is_whole or not least <= value <= LARGEST:
        raise ValidationError(
            gettext("Enter a whole number from %(least)s to %(most)s.")
            % {"least": least, "most": LARGEST}
        )


def _check_text(value: Any) -> None:
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise ValidationError(gettext("Enter a text."))


def _check_list(value: Any) -> None:
    if not isinstance(value, list):
        raise ValidationError(gettext("Enter a list of skill keys."))
    for one in value:
        _check_text(one)
    if len(set(value)) < len(value):
        raise ValidationError(gettext("A skill is listed twice."))
