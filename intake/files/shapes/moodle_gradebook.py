"""A Moodle gradebook, exported as text, spreadsheet or OpenDocument (Moodle 2.0 to 5)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from django.utils.translation import gettext, gettext_lazy

from intake.files.choices import Choice, Chosen, course_choice, decimal_choice, learner_choice
from intake.files.records import Header, Record, Sample, plain
from intake.files.shapes.base import Made, RowReader, Shape, Skip
from intake.files.shapes.grades import bonus_choice, grade, graded_on_choice
from intake.files.shapes.moodle_words import (
    EXPORTED,
    FIRST_NAME,
    KEYS,
    LAST_NAME,
    NOT_POINTS,
    PEOPLE,
    PERCENTAGE,
    POINTS,
    TOTAL,
    keys_of_people,
)

# Quiz: Loops (Real); a second quiz of this name is numbered
DISPLAY = re.compile(r"(?P<name>.+?) \((?P<display>[^()]+)\)(?P<copy> \(\d+\))?")
NO_GRADE = ("", "-")


class MoodleGradebook(Shape):
    key = "moodle-gradebook"
    title = gettext_lazy("Moodle gradebook")
    about = gettext_lazy(
        "A grade per learner and activity, from percentages where the file has them. Totals, "
        "letters and feedback are left out; “-” is no grade."
    )
    # for messages; it is recognized by their translations, too
    signature = (
        ("First name",), ("Surname", "Last name"), ("Email address", "ID number", "Username"),
        ("Last downloaded from this course", "ID number"),
    )  # fmt: skip

    def matches(self, header: Header) -> bool:
        names = set(header.plain)
        keys = names & KEYS
        has_name = names & FIRST_NAME and names & LAST_NAME
        is_export = names & EXPORTED or len(keys) > 1
        return bool(has_name and keys and is_export and _items(header.names))

    def choices(self, sample: Sample) -> list[Choice]:
        items = _items(sample.header.names)
        asks_best = any(not is_share for _, is_share in items.values())
        return [
            *course_choice(sample),
            *learner_choice(sample, *keys_of_people(sample.header.names)),
            graded_on_choice(),
            *decimal_choice(sample, *items),
            *([_best_choice()] if asks_best else []),
            bonus_choice(),
        ]

    def reader(self, sample: Sample, chosen: Chosen) -> RowReader:
        items, at = _items(sample.header.names), chosen.day("graded_on")
        columns = {"learner": chosen["learner"]}

        def read(record: Record) -> Iterator[Made | Skip]:
            learner = record.get(chosen["learner"])
            if not learner:
                yield Skip(gettext("the row has no “%s”") % chosen["learner"])
                return
            for column, (name, is_share) in items.items():
                if record.get(column) in NO_GRADE:
                    yield Skip(gettext("no grade yet"))
                    continue
                value = chosen.number(record, column) or "0"
                best = "100" if is_share else chosen["max"]
                yield grade(
                    record, column, name, value=value, best=best, at=at, chosen=chosen,
                    learner=learner, columns=columns,
                )  # fmt: skip

        return read


def _best_choice() -> Choice:
    def check(text: str) -> str:
        is_number = re.fullmatch(r"\d+(\.\d+)?", text) and float(text)
        return "" if is_number else gettext("“%s” is no number such as 100.") % text

    help_text = gettext_lazy(
        "What a full grade is, for instance 100; the file has points but no maximum. Where "
        "activities have different ones, export percentages instead."
    )
    return Choice("max", gettext_lazy("Maximum of each grade"), help_text, check=check)


def _items(names: Sequence[str]) -> dict[str, tuple[str, bool]]:
    """Return the columns of activities with their names, and whether these are percentages."""
    found: dict[str, tuple[str, bool]] = {}
    shares: dict[str, str] = {}
    for column in names:
        name, shown = _name_and_display(column.strip())
        if not name or plain(name) in PEOPLE or TOTAL.fullmatch(plain(name)):
            continue
        if shown in NOT_POINTS:
            continue
        is_share = shown in PERCENTAGE
        if is_share:
            shares[name] = column
        found[column] = (name, is_share)
    # where points and percentages stand side by side, the latter know their maximum
    return {column: one for column, one in found.items() if one[1] or one[0] not in shares}


def _name_and_display(column: str) -> tuple[str, str]:
    """Return the name of an activity, and how its grades are shown, if the column says so."""
    found = DISPLAY.fullmatch(column)
    shown = plain(found["display"]) if found else ""
    if found is None or shown not in POINTS | PERCENTAGE | NOT_POINTS:
        return column, ""
    return found["name"] + (found["copy"] or ""), shown
