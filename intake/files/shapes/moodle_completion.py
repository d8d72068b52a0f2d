"""Moodle's reports “Activity completion” and “Course completion”, also with tabs in UTF-16."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext, gettext_lazy

from intake.files.choices import (
    CellError,
    Choice,
    Chosen,
    course_choice,
    got,
    learner_choice,
    order_choice,
    zone_choice,
)
from intake.files.records import Header, Record, Sample, plain
from intake.files.shapes.base import Made, RowReader, Shape, Skip
from intake.files.shapes.moodle_words import (
    COMPLETED,
    COURSE_COMPLETE,
    KEYS,
    NOT_COMPLETED,
    PEOPLE,
    keys_of_people,
    state_word,
)
from intake.tables.text import Record as Line

NAME = "Name"
EXPECTED_BY = "expected"
LONGEST_KEY = 100


@dataclass(frozen=True)
class Activity:
    """An activity, and the columns of its state and of the date of this."""

    name: str
    state: str
    date: str


class MoodleCompletion(Shape):
    """In the first report, a column of dates follows each activity: without a name, or with the
    date by which completion is expected. The second ends with the completion of the course.
    """

    key = "moodle-completion"
    title = gettext_lazy("Moodle completion report")
    about = gettext_lazy(
        "A completed module per activity that a learner completed, and completions of the course. "
        "What is not completed is left out."
    )

    # for messages
    signature = ((NAME,), ("Email address", "ID number", "Username"), ("Course complete",))

    def header_in(self, lines: Sequence[Line]) -> Header | None:
        """Name the columns that the report leaves without a name."""
        cells = [one.strip() for one in lines[0].cells]
        if len(cells) < 4:
            return None
        if plain(cells[-1]) in COURSE_COMPLETE and any(plain(one) in KEYS for one in cells):
            return Header(lines[0].line, cells)
        if cells[0] or not (cells[1] and any(map(_has_states, lines[1:20]))):
            return None
        names = [NAME]
        for at, name in enumerate(cells[1:], 1):
            is_date = at > _people(cells) and (at - _people(cells)) % 2 == 0
            names.append(f"{names[-1]} – {EXPECTED_BY} {name}".strip() if is_date else name)
        return Header(lines[0].line, names)

    def choices(self, sample: Sample) -> list[Choice]:
        names = sample.header.names
        dates = [one.date for one in _activities(sample)]
        dates += [names[-1]] if _ends_with_course(sample) else []
        return [
            *course_choice(sample),
            *learner_choice(sample, *keys_of_people(names), NAME, "ID"),
            *order_choice(sample, *dates),
            *zone_choice(sample, *dates),
        ]

    def reader(self, sample: Sample, chosen: Chosen) -> RowReader:
        activities = _activities(sample)
        last = sample.header.names[-1] if _ends_with_course(sample) else ""

        def read(record: Record) -> Iterator[Made | Skip]:
            learner = record.get(chosen["learner"])
            if not learner:
                yield Skip(gettext("the row has no “%s”") % chosen["learner"])
                return
            who: dict[str, Any] = {
                "learner": learner, "course": chosen["course"], "run": chosen.get("run", "")
            }  # fmt: skip
            key = (who["course"], who["run"], learner)
            for one in activities:
                if not _is_completed(record, one):
                    yield Skip(gettext("not completed"))
                    continue
                at = chosen.moment(record, one.date)
                if at is None:
                    yield Skip(gettext("completed without a date"))
                    continue
                module = one.name[:LONGEST_KEY]
                columns = {"learner": chosen["learner"], "module": one.state,
                           "occurred_at": one.date}  # fmt: skip
                yield Made("module.completed", (*key, module), at, **who, module=module,
                           columns=columns)  # fmt: skip
            if last and (at := chosen.moment(record, last)):
                columns = {"learner": chosen["learner"], "occurred_at": last}
                yield Made("course.completed", key, at, **who, columns=columns)

        return read


def _people(cells: Sequence[str]) -> int:
    """Return the index of the last column about people."""
    return max(at for at, one in enumerate(cells) if at == 0 or plain(one) in PEOPLE)


def _has_states(line: Line) -> bool:
    return any(state_word(one) in COMPLETED | NOT_COMPLETED for one in line.cells)


def _ends_with_course(sample: Sample) -> bool:
    return plain(sample.header.names[-1]) in COURSE_COMPLETE


def _activities(sample: Sample) -> list[Activity]:
    """Return the activities: in both reports, a date follows each state."""
    names = list(sample.header.names)
    if not _ends_with_course(sample):
        first = _people(["", *names[1:]]) + 1
        pairs = list(zip(names[first::2], names[first + 1 :: 2], strict=False))
    else:
        pairs = [(state, date) for state, date in pairwise(names) if date.startswith(f"{state} - ")]
    return [Activity(state, state, date) for state, date in pairs]


def _is_completed(record: Record, activity: Activity) -> bool:
    """Raises CellError for a state that nobody knows."""
    text = record.get(activity.state)
    word = state_word(text)
    if word in COMPLETED:
        return True
    if word in NOT_COMPLETED or not word or word == "-":
        return False
    expected = gettext("a state such as Completed, Not completed or their translations")
    raise CellError(activity.state, got(text), expected)
