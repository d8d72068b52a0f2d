"""Write and read frameworks as CSV: one row per course, module and skill."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext

from curriculum.framework_files.records import (
    FIELDS,
    LISTS,
    WHOLE,
    CourseRecord,
    Framework,
    FrameworkFileError,
    Problem,
    Record,
)

COLUMNS = (
    "kind", "course", "key", "title", "version", "nominal_days", "is_required", "planned_days",
    "effort_minutes", "skills", "prerequisites",
)  # fmt: skip
# a spreadsheet would run these as formulas, or read them as the start of another cell
UNSAFE = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]|'")
PART = re.compile(r"(?:\\.|[^;\\])+", re.DOTALL)
BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def write(framework: Mapping[str, Any]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for kind, course, fields in _rows(framework):
        cells = {name: _cell(value) for name, value in fields.items() if name in COLUMNS}
        writer.writerow({"kind": kind, "course": _cell(course), **cells})
    return text.getvalue()


def _rows(framework: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for course in framework["courses"]:
        yield "course", "", course
        for module in course["modules"]:
            yield "module", course["key"], module
    for skill in framework["skills"]:
        yield "skill", "", skill


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        value = ";".join(re.sub(r"([;\\])", r"\\\1", one) for one in value)
    # the apostrophe is taken off again when the file is read
    return f"'{value}" if isinstance(value, str) and UNSAFE.match(value) else str(value)


def read(text: str) -> Framework:
    """FrameworkFileError for a text that is no framework; its fields are not yet checked."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
        if problem := _header_problem(header):
            raise FrameworkFileError([problem])
        return _framework(_rows_below(header, reader))
    except csv.Error as error:
        why = gettext("This is no valid CSV: %(why)s.") % {"why": error}
        raise FrameworkFileError([Problem(max(reader.line_num, 1), "", why)]) from error


def _header_problem(header: list[str]) -> Problem | None:
    wrong = [one for one in header if one not in COLUMNS or header.count(one) > 1]
    if wrong:
        text = gettext("Each of these columns may be here once: %(columns)s.")
        return Problem(1, wrong[0], text % {"columns": ", ".join(COLUMNS)})
    if not {"kind", "key"} <= set(header):
        return Problem(1, "", gettext("The columns kind and key are missing."))
    return None


def _rows_below(header: list[str], reader: Any) -> list[tuple[int, dict[str, str]]]:
    """Return the line in which each row begins, and its cells by column."""
    rows, line = [], reader.line_num + 1
    for row in reader:
        if len(row) not in (0, len(header)):
            text = gettext("The row has %(cells)s cells, the header has %(columns)s.")
            values = {"cells": len(row), "columns": len(header)}
            raise FrameworkFileError([Problem(line, "", text % values)])
        if row:
            cells = (one.removeprefix("'") for one in row)
            rows.append((line, dict(zip(header, cells, strict=True))))
        line = reader.line_num + 1
    return rows


def _framework(rows: list[tuple[int, dict[str, str]]]) -> Framework:
    problems: list[Problem] = []
    courses: dict[str, CourseRecord] = {}
    modules: dict[str, list[Record]] = {}
    skills = []
    for line, cells in rows:
        kind = cells["kind"]
        if kind not in FIELDS:
            text = gettext("Enter course, module or skill.")
            problems.append(Problem(line, "kind", text))
            continue
        record = _record(kind, line, cells)
        if kind == "skill":
            skills.append(record)
        elif kind == "module":
            modules.setdefault(cells.get("course", ""), []).append(record)
        else:
            # a course that is listed twice is reported with the other repeated keys
            name = record.key if record.key not in courses else f"{record.key} {line}"
            courses[name] = CourseRecord(record, modules.setdefault(name, []))
    text = gettext("There is no row of the course “%(key)s”.")
    for key in modules.keys() - courses.keys():
        problems += [one.problem(text % {"key": key}, "course") for one in modules[key]]
    if problems:
        raise FrameworkFileError(problems)
    return Framework(list(courses.values()), skills)


def _record(kind: str, line: int, cells: Mapping[str, str]) -> Record:
    """Leave out empty cells, except of lists and of columns that the kind does not have."""
    values: dict[str, Any] = {}
    for name, cell in cells.items():
        if name in ("kind", "course") or (not cell and name not in LISTS):
            continue
        if name in FIELDS[kind] or cell:
            values[name] = _value(name, cell)
    return Record(kind, line, values)


def _value(name: str, cell: str) -> Any:
    """Convert a cell; one that cannot be converted stays a text, which the check reports."""
    if name in LISTS:
        return [re.sub(r"\\(.)", r"\1", one, flags=re.DOTALL) for one in PART.findall(cell)]
    if name in WHOLE:
        return int(cell) if re.fullmatch(r"[0-9]{1,18}", cell.strip()) else cell
    if name == "is_required":
        return BOOLEANS.get(cell.strip().lower(), cell)
    return cell
