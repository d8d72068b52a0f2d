"""What survey tools share: a row per respondent, a column per question."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

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
from intake.files.records import Record, Sample, plain
from intake.files.shapes.base import Made, RowReader, Shape, Skip

UTC = ZoneInfo("UTC")
ANSWER = "answer:"
NO, NPS, CSAT, COMMENT = "no", "nps", "csat", "comment"
TAKEN = (
    Option(NO, gettext_lazy("Leave out")),
    Option(NPS, gettext_lazy("Recommendation from 0 to 10 (NPS)")),
    Option(CSAT, gettext_lazy("Satisfaction from 1 to 5 (CSAT)")),
    Option(COMMENT, gettext_lazy("Comment")),
)
# 8, or “8 - Very likely”; not 8.5, and not “8 of us”
SCALE = re.compile(r"(\d{1,2})(?:\.0+)?(?:\s*[-–—:.)=(/].*)?", re.DOTALL)
# from 5 to 1
SCALES = """
very satisfied, satisfied, neither satisfied nor dissatisfied, dissatisfied, very dissatisfied
very satisfied, somewhat satisfied, neutral, somewhat dissatisfied, very dissatisfied
extremely satisfied, somewhat satisfied, neutral, somewhat dissatisfied, extremely dissatisfied
strongly agree, agree, neither agree nor disagree, disagree, strongly disagree
excellent, good, fair, poor, very poor
"""
WORDS = {
    word: 5 - at
    for scale in SCALES.strip().splitlines()
    for at, word in enumerate(scale.split(", "))
}
ANONYMOUS = {"", "anonymous", "-", "n/a"}
BOUNDS = {NPS: (0, 10), CSAT: (1, 5)}


class Survey(Shape):
    """`about_people` are the tool's own columns, which are no questions."""

    about = gettext_lazy(
        "An answer per respondent, with the questions that you choose. Answers without a learner "
        "are left out: anonymous answers cannot be counted once."
    )
    at: ClassVar[Sequence[str]]
    response: ClassVar[Sequence[str]] = ()
    own: ClassVar[Sequence[str]]
    people: ClassVar[Sequence[str]]
    is_utc: ClassVar[bool] = False

    def questions(self, sample: Sample) -> list[str]:
        own = {plain(name) for name in (*self.own, *self.at, *self.response, *self.people)}
        return [one for one in sample.header.names if one.strip() and plain(one) not in own]

    def choices(self, sample: Sample) -> list[Choice]:
        questions = self.questions(sample)
        return [
            *course_choice(sample),
            _key_choice("survey", gettext("Survey"), gettext("Its key, such as course-end.")),
            _key_choice("wave", gettext("Wave"), gettext("Its key, such as 2026-spring.")),
            self._learner_choice(sample, questions),
            *order_choice(sample, *self.at),
            *([] if self.is_utc else zone_choice(sample, *self.at)),
            *(_question_choice(sample, one) for one in questions),
        ]

    def problems(self, sample: Sample, chosen: Chosen) -> dict[str, str]:
        asked = [one for one in self.questions(sample) if self._taken(chosen, one) != NO]
        if not asked:
            text = gettext("Choose at least one question: what its answers are.")
            return {f"{ANSWER}{one}": text for one in self.questions(sample)[:1]}
        repeated = [
            one for at, one in enumerate(asked)
            if (taken := self._taken(chosen, one)) in BOUNDS
            and taken in {self._taken(chosen, other) for other in asked[:at]}
        ]  # fmt: skip
        message = gettext("Another question is this already; choose one of them.")
        return {f"{ANSWER}{one}": message for one in repeated}

    def reader(self, sample: Sample, chosen: Chosen) -> RowReader:
        taken = {
            one: kind for one in self.questions(sample) if (kind := self._taken(chosen, one)) != NO
        }

        def read(record: Record) -> Iterator[Made | Skip]:
            learner = record.get(chosen["learner"])
            if learner.casefold() in ANONYMOUS:
                yield Skip(gettext("an anonymous answer"))
                return
            data = _answers(record, taken)
            if not data:
                yield Skip(gettext("none of the chosen questions was answered"))
                return
            at = chosen.moment(record, *self.at, zone=UTC if self.is_utc else None)
            if at is None:
                yield Skip(gettext("an answer without a time, which was not submitted"))
                return
            yield self._answer(record, chosen, learner, at, data)

        return read

    def _answer(
        self, record: Record, chosen: Chosen, learner: str, at: datetime, data: Mapping[str, Any]
    ) -> Made:
        place = {"survey": chosen["survey"], "wave": chosen["wave"]}
        number = record.get(*self.response) if self.response else ""
        key = (*place.values(), number) if number else (*place.values(), learner, at.isoformat())
        return Made(
            "survey.answered", key, at, learner=learner, course=chosen["course"],
            run=chosen.get("run", ""), data={**place, **data},
            columns={"learner": chosen["learner"], "occurred_at": self.at[0]},
        )  # fmt: skip

    def _taken(self, chosen: Chosen, question: str) -> str:
        return chosen.get(f"{ANSWER}{question}", NO)

    def _learner_choice(self, sample: Sample, questions: Sequence[str]) -> Choice:
        found = [name for column in self.people if (name := sample.header.find(column))]
        options = [
            Option(one, one[:80], next(iter(sample.values(one)), "")[:60])
            for one in (*found, *questions)
        ]
        return Choice(
            "learner",
            gettext("Learners"),
            gettext("The column with the keys by which your other systems know the respondents."),
            options,
        )


def _key_choice(name: str, label: str, help_text: str) -> Choice:
    def check(text: str) -> str:
        return gettext("A key has at most 100 characters.") if len(text) > 100 else ""

    return Choice(name, label, help_text, check=check)


def _question_choice(sample: Sample, question: str) -> Choice:
    values = sample.values(question)
    shown = ", ".join(f"“{one[:60]}”" for one in values) or gettext("no answers")
    help_text = gettext("Answers: %(answers)s.") % {"answers": shown}
    proposed = _proposed(question, sample.values(question, limit=50))
    return Choice(f"{ANSWER}{question}", question[:200], help_text, TAKEN, NO, proposed=proposed)


def _proposed(question: str, values: Sequence[str]) -> str:
    """Return what the question probably is, to be shown first."""
    words = question.casefold()
    if values and "recommend" in words and all(SCALE.fullmatch(one) for one in values):
        return NPS
    return CSAT if values and "satisf" in words else ""


def _answers(record: Record, taken: Mapping[str, str]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    comments = []
    for question, kind in taken.items():
        text = record.get(question)
        if not text:
            continue
        if kind == COMMENT:
            comments.append(text)
        else:
            data[kind] = _point(text, question, *BOUNDS[kind])
    if comments:
        data["comment"] = "\n".join(comments)[:10_000]
    return data


def _point(text: str, question: str, low: int, high: int) -> int:
    """Return the point on a scale: 8, “8 - Very likely” or, from 1 to 5, words."""
    found = SCALE.fullmatch(text)
    if found and low <= int(found[1]) <= high:
        return int(found[1])
    if (low, high) == BOUNDS[CSAT] and text.casefold() in WORDS:
        return WORDS[text.casefold()]
    expected = gettext("a number from %(low)s to %(high)s") % {"low": low, "high": high}
    raise CellError(question, got(text), expected)
