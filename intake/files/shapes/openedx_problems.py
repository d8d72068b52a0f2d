"""The problem grade report of an Open edX course: two columns per problem, earned and possible."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext, gettext_lazy

from intake.files.choices import (
    CellError,
    Choice,
    Chosen,
    course_choice,
    decimal_choice,
    got,
    learner_choice,
)
from intake.files.records import Header, Record, Sample
from intake.files.shapes.base import Made, RowReader, Shape, Skip
from intake.files.shapes.grades import bonus_choice, grade, graded_on_choice
from intake.files.shapes.openedx_grades import NO_GRADE

EARNED, POSSIBLE = " (Earned)", " (Possible)"


class OpenEdxProblems(Shape):
    key = "openedx-problems"
    title = gettext_lazy("Open edX problem grade report")
    about = gettext_lazy(
        "A grade per learner and problem, out of the points possible. Problems that were not "
        "attempted are left out."
    )
    signature = (
        ("Student ID",), ("Email",), ("Username",), ("Enrollment Status",),
        ("Grade", "Final Grade"),
    )  # fmt: skip

    def matches(self, header: Header) -> bool:
        return super().matches(header) and bool(_problems(header))

    def choices(self, sample: Sample) -> list[Choice]:
        columns = [one for pair in _problems(sample.header).items() for one in pair]
        return [
            *course_choice(sample),
            *learner_choice(sample, "Username", "Email", "Student ID"),
            graded_on_choice(),
            *decimal_choice(sample, *columns),
            bonus_choice(),
        ]

    def reader(self, sample: Sample, chosen: Chosen) -> RowReader:
        problems, at = _problems(sample.header), chosen.day("graded_on")

        def read(record: Record) -> Iterator[Made | Skip]:
            learner = record.get(chosen["learner"])
            if not learner:
                yield Skip(gettext("the row has no “%s”") % chosen["learner"])
                return
            for earned, possible in problems.items():
                if record.get(earned).casefold() in NO_GRADE:
                    yield Skip(gettext("not attempted or not available"))
                    continue
                best = chosen.number(record, possible) or ""
                if not best or float(best) <= 0:
                    expected = gettext("the points possible, above 0")
                    raise CellError(possible, got(record.get(possible)), expected)
                yield grade(
                    record, earned, earned.removesuffix(EARNED), at=at, chosen=chosen,
                    value=chosen.number(record, earned) or "0", best=best, learner=learner,
                    columns={"learner": chosen["learner"]},
                )  # fmt: skip

        return read


def _problems(header: Header) -> dict[str, str]:
    """Return the columns of earned points with those of the points possible."""
    names = {name.strip(): name for name in header.names}
    pairs = ((one, one.removesuffix(EARNED) + POSSIBLE) for one in names if one.endswith(EARNED))
    return {names[earned]: names[possible] for earned, possible in pairs if possible in names}
