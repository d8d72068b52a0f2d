"""Moodle's report of the attempts at a quiz (“Grades” or “Responses”)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext, gettext_lazy

from intake.csv.numbers import COMMA, POINT, number_of
from intake.files.choices import (
    CellError,
    Choice,
    Chosen,
    course_choice,
    decimal_choice,
    got,
    learner_choice,
    order_choice,
    zone_choice,
)
from intake.files.records import Header, Record, Sample, plain
from intake.files.shapes.base import Made, RowReader, Shape, Skip
from intake.files.shapes.moodle_words import KEYS, keys_of_people

# Grade/10.00; those of single questions have a space before the slash
GRADE = re.compile(r"[^/]*[^/\s]/(?P<best>\d+(?:[.,]\d+)?)")


@dataclass(frozen=True)
class Columns:
    """Where the report has what, in any language: the columns before the grade are always alike."""

    state: str
    started: str
    completed: str
    grade: str
    best: str


class MoodleQuiz(Shape):
    key = "moodle-quiz"
    title = gettext_lazy("Moodle quiz attempts")
    about = gettext_lazy(
        "An attempt and, once it is graded, a grade for each attempt that was finished. Open "
        "attempts, averages and single questions are left out."
    )

    # for messages; in other languages it is recognized by their order
    signature = (
        ("Email address", "ID number", "Username"), ("State", "Status"), ("Started on", "Started"),
        ("Completed",), ("Time taken", "Duration"), ("Grade/10.00",),
    )  # fmt: skip

    def matches(self, header: Header) -> bool:
        return bool(_columns(header)) and any(one in KEYS for one in header.plain)

    def choices(self, sample: Sample) -> list[Choice]:
        columns = _found(sample)
        dates = (columns.started, columns.completed)
        return [
            *course_choice(sample),
            _quiz_choice(),
            *learner_choice(sample, *keys_of_people(sample.header.names)),
            *order_choice(sample, *dates),
            *zone_choice(sample, *dates),
            *decimal_choice(sample, columns.grade),
        ]

    def reader(self, sample: Sample, chosen: Chosen) -> RowReader:
        columns = _found(sample)
        attempts: dict[str, int] = {}

        def read(record: Record) -> Iterator[Made | Skip]:
            learner = record.get(chosen["learner"])
            if not learner:
                yield Skip(gettext("the row has no “%s”") % chosen["learner"])
                return
            if record.get(columns.started) in ("", "-"):
                yield Skip(gettext("nothing attempted"))
                return
            attempts[learner] = number = attempts.get(learner, 0) + 1
            if record.get(columns.completed) in ("", "-"):
                yield Skip(gettext("the attempt is not finished"))
                return
            started = chosen.needed_moment(record, columns.started)
            at = chosen.needed_moment(record, columns.completed)
            place: dict[str, Any] = {"course": chosen["course"], "run": chosen.get("run", "")}
            key = (*place.values(), learner, chosen["quiz"], started.isoformat())
            names = {"learner": chosen["learner"], "occurred_at": columns.completed}
            yield Made("quiz.attempted", key, at, learner=learner, object=chosen["quiz"],
                       columns=names, **place)  # fmt: skip
            score = _score(record, columns, chosen)
            if score is None:
                yield Skip(gettext("the attempt is not graded"))
                return
            yield Made("assessment.graded", key, at, learner=learner, object=chosen["quiz"],
                       value=score, data={"max": float(columns.best), "attempt": number},
                       columns={**names, "value": columns.grade}, **place)  # fmt: skip

        return read


def _quiz_choice() -> Choice:
    def check(text: str) -> str:
        return gettext("A key has at most 200 characters.") if len(text) > 200 else ""

    help_text = gettext_lazy(
        "The key or name of the quiz, which the file does not say, such as Quiz 1."
    )
    return Choice("quiz", gettext_lazy("Quiz"), help_text, check=check)


def _score(record: Record, columns: Columns, chosen: Chosen) -> float | None:
    text = record.get(columns.grade)
    if not any(one.isdigit() for one in text):
        return None
    score = float(chosen.number(record, columns.grade) or 0)
    if not 0 <= score <= float(columns.best):
        expected = gettext("a number from 0 to %s") % columns.best
        raise CellError(columns.grade, got(text), expected)
    return score


def _columns(header: Header) -> Columns | None:
    names = list(header.names)
    for at, name in enumerate(names):
        found = GRADE.fullmatch(name.strip())
        if found and at >= 5 and plain(names[at - 1]):
            best = number_of(found["best"], COMMA if "," in found["best"] else POINT)
            state, started, completed = names[at - 4 : at - 1]
            return Columns(state, started, completed, name, best or "1")
    return None


def _found(sample: Sample) -> Columns:
    columns = _columns(sample.header)
    if columns is None:
        raise TypeError(sample.header)
    return columns
