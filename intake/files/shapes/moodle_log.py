"""The log of a Moodle site or course, as its page “Logs” exports it (Moodle 2.7 to 5)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from django.utils.translation import gettext, gettext_lazy

from intake.files.choices import (
    CellError,
    Choice,
    Chosen,
    Option,
    course_choice,
    got,
    order_choice,
    zone_choice,
)
from intake.files.records import Header, Record, Sample
from intake.files.shapes.base import Made, RowReader, Shape, Skip
from intake.tables.text import Record as Line

# in their order; a log of the whole site has the course before them
COLUMNS = (
    "Time", "User full name", "Affected user", "Event context", "Component", "Event name",
    "Description", "Origin", "IP address",
)  # fmt: skip
COURSE = "Course"
# our event kinds by Moodle's English names of events
NAMES = {
    "course viewed": "content.viewed",
    "course module viewed": "content.viewed",
    "chapter viewed": "content.viewed",
    "quiz attempt submitted": "quiz.attempted",
    "a submission has been submitted.": "assignment.submitted",
    # of each new post and discussion; “Post created” reports the former a second time
    "some content has been posted.": "discussion.posted",
    "course completed": "course.completed",
    "user enrolled in course": "enrollment.started",
    "user unenrolled from course": "enrollment.withdrawn",
}
# Moodle translates the names of columns and events, but never the descriptions
USER = re.compile(r"^The user with id '(-?\d+)'")
AFFECTED = re.compile(r"(?:user with id|userid) '(\d+)'")
MODULE = re.compile(r"course module id '(\d+)'")
# the same by what follows the user there
DESCRIPTIONS = {
    re.compile(pattern): kind
    for pattern, kind in {
        r"viewed the course with id .*": "content.viewed",
        r"viewed the section .* course .*": "content.viewed",
        r"viewed the '\w+' activity with .*": "content.viewed",
        r"viewed the chapter with id .* book .*": "content.viewed",
        r"has submitted the attempt with id .* quiz .*": "quiz.attempted",
        r"has submitted the submission with id .*": "assignment.submitted",
        r"has posted content in the forum post .*": "discussion.posted",
        r"completed the course with id .*": "course.completed",
        r"enrolled the user with id .*": "enrollment.started",
        r"unenrolled the user with id .*": "enrollment.withdrawn",
    }.items()
}
OF_AFFECTED = {"enrollment.started", "enrollment.withdrawn", "course.completed"}
ID, NAME = "id", "name"
# rows that are looked at to recognize a log whose columns have other names
LOOKED_AT = 20


class MoodleLog(Shape):
    key = "moodle-log"
    title = gettext_lazy("Moodle log")
    about = gettext_lazy(
        "Views, quiz attempts, submissions, posts, enrollments and completions; other entries of "
        "the log are left out."
    )
    signature = (
        ("Time",), ("User full name",), ("Event context",), ("Event name",), ("Description",),
    )  # fmt: skip

    def header_in(self, lines: Sequence[Line]) -> Header | None:
        """Recognize a log by its names, or in any language by its descriptions and their place.

        As JSON, it has no header at all.
        """
        if header := super().header_in(lines):
            return header
        cells = lines[0].cells
        extra = len(cells) - len(COLUMNS)
        if extra not in (0, 1):
            return None
        if _is_entry(lines[0]):
            return Header(lines[0].line, [COURSE, *COLUMNS][1 - extra :], rows=0)
        is_log = any(map(_is_entry, lines[1:LOOKED_AT]))
        return Header(lines[0].line, cells) if is_log else None

    def choices(self, sample: Sample) -> list[Choice]:
        columns = _columns(sample)
        return [
            *course_choice(sample, columns[COURSE]),
            *order_choice(sample, columns["Time"]),
            *zone_choice(sample, columns["Time"]),
            _learner_choice(sample, columns),
        ]

    def reader(self, sample: Sample, chosen: Chosen) -> RowReader:
        columns = _columns(sample)
        by_name = chosen["learner"] == NAME
        site_course = chosen.get("course", "")

        def read(record: Record) -> Iterator[Made | Skip]:
            name = record.get(columns["Event name"])
            kind = _kind(name, record.get(columns["Description"]))
            if not kind:
                yield Skip(gettext("the entry “%s” is no event") % name[:80])
                return
            course = site_course or record.get(columns[COURSE])[:100]
            learner = _learner(record, columns, by_name=by_name, affected=kind in OF_AFFECTED)
            if not learner:
                yield Skip(gettext("nobody did it: the user is the system or a guest"))
                return
            if course in ("", "-"):
                yield Skip(gettext("it belongs to no course"))
                return
            at = chosen.needed_moment(record, columns["Time"])
            yield _event(record, columns, kind, learner, at, course, chosen)

        return read


def _is_entry(line: Line) -> bool:
    return len(line.cells) >= len(COLUMNS) and bool(USER.match(line.cells[-3]))


def _columns(sample: Sample) -> Mapping[str, str]:
    """Return the file's names of the columns: those of Moodle, or else by their order."""
    header = sample.header
    if header.find("User full name"):
        return {one: header.find(one) or one for one in (COURSE, *COLUMNS)}
    names = list(header.names)
    theirs = dict(zip(COLUMNS, names[-len(COLUMNS) :], strict=True))
    return theirs | {COURSE: names[0] if len(names) > len(COLUMNS) else ""}


def _kind(name: str, description: str) -> str:
    if found := NAMES.get(name.casefold()):
        return found
    user = USER.match(description)
    action = description[user.end() :].strip() if user else ""
    return next((kind for form, kind in DESCRIPTIONS.items() if form.fullmatch(action)), "")


def _learner_choice(sample: Sample, columns: Mapping[str, str]) -> Choice:
    texts = [one.get(columns["Description"]) for one in sample.records]
    ids = (found[1] for text in texts if (found := USER.match(text)))
    names = sample.values(columns["User full name"], limit=1)
    options = [
        Option(ID, gettext("The id in the description"), next(ids, "")),
        Option(NAME, gettext("The full name"), next(iter(names), "")),
    ]
    help_text = gettext(
        "By what your other systems know the learners of this log. If there are none, choose the "
        "id: two people may have one name."
    )
    return Choice("learner", gettext("Learners"), help_text, options)


def _learner(record: Record, columns: Mapping[str, str], *, by_name: bool, affected: bool) -> str:
    other = record.get(columns["Affected user"])
    if by_name:
        name = record.get(columns["User full name"])
        name = other if affected and other not in ("", "-") else name
        return "" if name in ("", "-") else name
    text = record.get(columns["Description"])
    user = USER.match(text)
    if not user:
        raise CellError(
            columns["Description"],
            got(text),
            gettext("a text such as “The user with id '5' viewed …”"),
        )
    others = AFFECTED.findall(text[user.end() :]) if affected else []
    found = others[0] if others else user[1]
    return "" if found in ("0", "-1") else found


def _event(
    record: Record,
    columns: Mapping[str, str],
    kind: str,
    learner: str,
    at: datetime,
    course: str,
    chosen: Chosen,
) -> Made:
    module = MODULE.search(record.get(columns["Description"]))
    who = columns["User full name" if chosen["learner"] == NAME else "Description"]
    return Made(
        kind,
        None,
        at,
        learner=learner,
        course=course,
        run=chosen.get("run", ""),
        object=f"cm-{module[1]}" if module and kind not in OF_AFFECTED else "",
        columns={
            "learner": who,
            "course": columns[COURSE],
            "occurred_at": columns["Time"],
            "object": columns["Description"],
        },
    )
