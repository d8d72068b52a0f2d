"""What a file cannot say and a person must: declared choices, each with an example."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo, available_timezones

from django.utils.translation import gettext, gettext_lazy

from core import localized, reporting_clock
from core.lazy_text import LazyText
from curriculum.models import Enrollment
from intake.csv.numbers import COMMA, MARKS, POINT, is_ambiguous, number_of, possible_marks
from intake.csv.timestamps import (
    DAY_FIRST,
    MONTH_FIRST,
    ORDERS,
    moment_of,
    needs_order,
    possible_orders,
)
from intake.files.records import Record, Sample


class ChoicesError(Exception):
    """Choices are missing or wrong; `problems` has a sentence by the name of each."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("\n".join(problems.values()))
        self.problems = problems


class CellError(Exception):
    """A cell cannot be read; says what would be right."""

    def __init__(self, column: str, problem: str, expected: str = "") -> None:
        super().__init__(problem)
        self.column, self.problem, self.expected = column, problem, expected


@dataclass(frozen=True)
class Option:
    """A possible value, with what it makes of the file's own first values."""

    value: str
    label: LazyText
    example: str = ""

    def __str__(self) -> str:
        return f"{self.label} – {self.example}" if self.example else str(self.label)


@dataclass(frozen=True)
class Choice:
    """A question about a file. Without options, the answer is text.

    `initial` is the answer unless somebody gives another one; `proposed` is only shown first.
    """

    name: str
    label: LazyText
    help: LazyText = ""
    options: Sequence[Option] = ()
    initial: str = ""
    is_required: bool = True
    proposed: str = ""
    check: Callable[[str], str] = field(default=lambda text: "", compare=False)

    def problem_with(self, value: str) -> str:
        """Return what is wrong with an answer, and the possible ones; empty if nothing is."""
        if not value:
            return self._needed() if self.is_required else ""
        if self.options and value not in {one.value for one in self.options}:
            message = gettext("“%(value)s” is no answer to “%(label)s”. %(possible)s")
            return message % {"value": value, "label": self.label, "possible": self._possible()}
        return self.check(value)

    def _needed(self) -> str:
        message = gettext("Choose “%(label)s” (%(name)s). %(possible)s")
        values = {"label": self.label, "name": self.name, "possible": self._possible()}
        return (message % values).strip()

    def _possible(self) -> str:
        if not self.options:
            return str(self.help)
        shown = "; ".join(f"{one.value}: {one}" for one in self.options[:12])
        return gettext("Possible: %(options)s.") % {"options": shown}


class Chosen(Mapping[str, str]):
    """The answers to the choices, and the cells read with them."""

    def __init__(self, answers: Mapping[str, str]) -> None:
        self._answers = {name: value for name, value in answers.items() if value}

    def __getitem__(self, name: str) -> str:
        return self._answers[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._answers)

    def __len__(self) -> int:
        return len(self._answers)

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self["zone"]) if "zone" in self else reporting_clock.reporting_zone()

    def moment(
        self, record: Record, *columns: str, zone: ZoneInfo | None = None
    ) -> datetime | None:
        """Return the time in a cell, None if it is empty; raises CellError if it is none."""
        column = next((one for one in columns if record.get(one)), columns[0])
        text = record.get(column)
        if not text:
            return None
        moment = moment_of(text, zone or self.zone, self.get("date_order", ""))
        if moment is None:
            raise CellError(column, got(text), gettext("a date and time such as 2026-03-31 09:30"))
        return moment

    def needed_moment(
        self, record: Record, *columns: str, zone: ZoneInfo | None = None
    ) -> datetime:
        moment = self.moment(record, *columns, zone=zone)
        if moment is None:
            raise CellError(columns[0], gettext("is empty."), gettext("a date and time"))
        return moment

    def number(self, record: Record, column: str) -> str | None:
        """Return the number in a cell, None if it is empty; raises CellError if it is none."""
        text = record.get(column)
        if not text:
            return None
        number = number_of(text, self.get("decimal", POINT))
        if number is None:
            mark = "0,85" if self.get("decimal") == COMMA else "0.85"
            expected = gettext("a number such as %(example)s") % {"example": mark}
            raise CellError(column, got(text), expected)
        return number

    def day(self, name: str) -> datetime:
        """Return the chosen date and time, in the chosen zone."""
        moment = moment_of(self[name], self.zone)
        if moment is None:
            raise ChoicesError({name: _no_day(self[name])})
        return moment


def got(text: str) -> str:
    return gettext("got “%(cell)s”.") % {"cell": text[:60]}


def check(choices: Iterable[Choice], answers: Mapping[str, str]) -> None:
    """Raise ChoicesError with everything that is missing or wrong."""
    problems = {
        one.name: problem
        for one in choices
        if (problem := one.problem_with(answers.get(one.name, "")))
    }
    if problems:
        raise ChoicesError(problems)


def initial(choices: Iterable[Choice]) -> dict[str, str]:
    """Return the answers that need no person, because only one is possible or it is usual."""
    return {one.name: one.initial for one in choices if one.initial}


def zone_choice(sample: Sample, *columns: str) -> list[Choice]:
    """Ask for the zone of times; the provider's own is proposed."""
    zone = reporting_clock.reporting_zone()
    example = next(iter(sample.values(*columns, limit=1)), "")
    moment = moment_of(example, zone, next(iter(sorted(possible_orders(example))), ""))
    text = gettext("The zone of times in the file; these carry none.")
    if moment:
        shown = gettext("“%(text)s” is %(time)s in %(zone)s.")
        text += " " + shown % {
            "text": example,
            "time": localized.moment(moment),
            "zone": zone.key,
        }
    options = [Option(one, one) for one in sorted(available_timezones())]
    return [Choice("zone", gettext("Time zone"), text, options, zone.key)]


ORDER_NAMES = {
    DAY_FIRST: gettext_lazy("Day first"),
    MONTH_FIRST: gettext_lazy("Month first"),
}


def order_choice(sample: Sample, *columns: str) -> list[Choice]:
    """Ask for the order of day and month, if the file has dates such as 7/09/26."""
    texts = [text for text in sample.values(*columns, limit=None) if needs_order(text)]
    if not texts:
        return []
    possible = set(ORDERS).intersection(*map(possible_orders, texts)) if texts else set()
    options = [
        Option(one, ORDER_NAMES[one], _as_read(texts, one, sample, columns)) for one in ORDERS
    ]
    only = next(iter(possible)) if len(possible) == 1 else ""
    help_text = gettext("How dates such as “%(text)s” are to be read.") % {"text": texts[0]}
    return [Choice("date_order", gettext("Dates"), help_text, options, only)]


def _as_read(texts: Sequence[str], order: str, sample: Sample, columns: Sequence[str]) -> str:
    zone = reporting_clock.reporting_zone()
    impossible = next((one for one in texts if order not in possible_orders(one)), "")
    if impossible:
        line = next((at for one in columns if (at := sample.first_line(one, impossible))), 0)
        message = gettext("impossible: line %(line)s has “%(text)s”")
        return message % {"line": line, "text": impossible}
    read = (moment_of(one, zone, order) for one in texts[:2])
    days = [localized.day(one) for one in read if one]
    return ", ".join(
        gettext("“%(text)s” is %(day)s") % {"text": text, "day": day}
        for text, day in zip(texts, days, strict=False)
    )


def decimal_choice(sample: Sample, *columns: str) -> list[Choice]:
    """Ask for the decimal mark, if a number would be another one with the other mark."""
    texts = [
        text for text in sample.values(*columns, limit=None)
        if possible_marks(text) and is_ambiguous(text)
    ]  # fmt: skip
    if not texts:
        return []
    possible = set(MARKS).intersection(*map(possible_marks, texts))
    labels = {POINT: gettext("Decimal point"), COMMA: gettext("Decimal comma")}
    options = []
    for mark in MARKS:
        read = number_of(texts[0], mark)
        if mark in possible and read:
            example = gettext("“%(text)s” is %(number)s") % {
                "text": texts[0],
                "number": localized.number(float(read)),
            }
        else:
            wrong = next(one for one in texts if mark not in possible_marks(one))
            example = gettext("impossible: “%(text)s”") % {"text": wrong}
        options.append(Option(mark, labels[mark], example))
    only = next(iter(possible)) if len(possible) == 1 else ""
    return [Choice("decimal", gettext("Numbers"), "", options, only)]


def learner_choice(sample: Sample, *columns: str) -> list[Choice]:
    """Ask which column identifies learners, of those that the file has."""
    options = [
        Option(name, name, next(iter(sample.values(name)), ""))
        for column in columns
        if (name := sample.header.find(column))
    ]
    filled = [one for one in options if one.example]
    only = filled[0].value if len(filled) == 1 else ""
    return [
        Choice(
            "learner",
            gettext("Learners"),
            gettext("The column with the keys by which your other systems know the learners."),
            options,
            only,
        )
    ]


def course_choice(sample: Sample, column: str = "") -> list[Choice]:
    """Ask for the course; one that the file names applies if the answer is empty."""
    values = sample.values(column) if column else []
    if values:
        help_text = gettext("Empty: the file's own, such as “%(course)s”.") % {"course": values[0]}
    else:
        help_text = gettext("The key of the course to which all rows belong, such as py.")
    return [
        Choice("course", gettext("Course"), help_text, is_required=not values, check=_check_key),
        Choice(
            "run",
            gettext("Run"),
            gettext("The key of the run; empty: the run that a learner entered last."),
            is_required=False,
            check=_check_key,
        ),
    ]


def _check_key(text: str) -> str:
    return gettext("A key has at most 100 characters.") if len(text) > 100 else ""


def day_choice(name: str, label: LazyText, help_text: LazyText, *, required: bool = True) -> Choice:
    def check_day(text: str) -> str:
        return "" if moment_of(text, ZoneInfo("UTC")) else _no_day(text)

    return Choice(name, label, help_text, is_required=required, check=check_day)


def _no_day(text: str) -> str:
    message = gettext("“%(text)s” is no date; write it such as 2026-03-31 or 2026-03-31 09:30.")
    return message % {"text": text}


FIRST_ROW = "first"


def enroll_choice() -> Choice:
    """Ask what becomes of learners who are not enrolled; where nobody is, enrolling is proposed."""
    options = [
        Option("no", gettext_lazy("Reject their rows")),
        Option(FIRST_ROW, gettext_lazy("Enroll them at the time of their first row in this file")),
    ]
    label = gettext_lazy("Learners who are not enrolled")
    proposed = "" if Enrollment.objects.exists() else FIRST_ROW
    return Choice("enroll", label, "", options, "no", proposed=proposed)
