"""Write and read frameworks as JSON, with the line of each value for messages."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext

from curriculum.framework_files.json_lines import Path, RepeatedName, lines_of
from curriculum.framework_files.records import (
    CourseRecord,
    Framework,
    FrameworkFileError,
    Problem,
    Record,
)

FORMAT = 1


def write(framework: Mapping[str, Any]) -> str:
    return json.dumps({"framework": FORMAT, **framework}, ensure_ascii=False, indent=2) + "\n"


def read(text: str) -> Framework:
    """FrameworkFileError for a text that is no framework; its fields are not yet checked."""
    try:
        found = json.loads(text)
        lines = lines_of(text)
    except json.JSONDecodeError as error:
        text = gettext("This is no valid JSON: %(why)s.") % {"why": error.msg}
        raise _wrong(error.lineno, text) from error
    except RepeatedName as error:
        raise _wrong(error.line, gettext("This name is here twice."), error.name) from error
    except (RecursionError, ValueError) as error:
        text = gettext("The values are nested too deeply, or a number is too long.")
        raise _wrong(1, text) from error
    reader = _Reader(lines)
    framework = reader.framework(found)
    if reader.problems:
        raise FrameworkFileError(reader.problems)
    return framework


def _wrong(line: int, text: str, name: str = "") -> FrameworkFileError:
    return FrameworkFileError([Problem(line, name, text)])


class _Reader:
    """Turns objects into records and collects what is no object or no list."""

    def __init__(self, lines: Mapping[Path, int]) -> None:
        self.lines = lines
        self.problems: list[Problem] = []

    def framework(self, found: Any) -> Framework:
        if not isinstance(found, dict) or found.get("framework") != FORMAT:
            text = gettext('A framework begins with {"framework": %(number)s, …}.')
            self._add((), "framework", text % {"number": FORMAT})
            return Framework([], [])
        for name in found.keys() - {"framework", "courses", "skills"}:
            self._add((name,), name, gettext("Only courses and skills belong here."))
        courses = self._objects(found.get("courses", []), ("courses",))
        skills = self._objects(found.get("skills", []), ("skills",))
        return Framework(
            [self._course(one, path) for one, path in courses],
            [self._record("skill", one, path) for one, path in skills],
        )

    def _course(self, found: Mapping[str, Any], path: Path) -> CourseRecord:
        fields = {name: value for name, value in found.items() if name != "modules"}
        modules = self._objects(found.get("modules", []), (*path, "modules"))
        return CourseRecord(
            self._record("course", fields, path),
            [self._record("module", one, its_path) for one, its_path in modules],
        )

    def _record(self, kind: str, fields: Mapping[str, Any], path: Path) -> Record:
        lines = {name: self.lines[*path, name] for name in fields}
        return Record(kind, self.lines[path], fields, lines)

    def _objects(self, found: Any, path: Path) -> Sequence[tuple[dict[str, Any], Path]]:
        if not isinstance(found, list):
            self._add(path, str(path[-1]), gettext("Enter a list."))
            return []
        objects = []
        for at, one in enumerate(found):
            if isinstance(one, dict):
                objects.append((one, (*path, at)))
            else:
                self._add((*path, at), str(path[-1]), gettext("Enter an object with a key."))
        return objects

    def _add(self, path: Path, name: str, text: str) -> None:
        self.problems.append(Problem(self.lines.get(path, 1), name, text))
