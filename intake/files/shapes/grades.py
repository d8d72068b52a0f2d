"""What gradebooks share: a wide table with a column per assessment, and no dates."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils.translation import gettext, gettext_lazy

from intake.files.choices import CellError, Choice, Chosen, Option, day_choice
from intake.files.records import Record
from intake.files.shapes.base import Made

# an object key has at most this many characters
LONGEST_KEY = 200


def graded_on_choice() -> Choice:
    return day_choice(
        "graded_on",
        gettext_lazy("Date of the grades"),
        gettext_lazy(
            "The file does not say when a grade was given. All grades that are new get this date, "
            "such as 2026-03-31; those imported before keep theirs."
        ),
    )


def bonus_choice() -> Choice:
    options = [
        Option("reject", gettext_lazy("Reject them")),
        Option("cap", gettext_lazy("Lower them to the maximum")),
    ]
    return Choice("bonus", gettext_lazy("Grades above the maximum"), "", options, "reject")


def grade(
    record: Record,
    column: str,
    assessment: str,
    *,
    value: str,
    best: str,
    at: datetime,
    chosen: Chosen,
    learner: str,
    columns: Mapping[str, str],
) -> Made:
    """Return the grade in a cell, out of `best`, or out of 100 if the cell is a percentage."""
    is_share = record.get(column).endswith("%")
    score, limit = float(value), 100.0 if is_share else float(best)
    if score > limit and chosen.get("bonus") == "cap":
        score = limit
    if not 0 <= score <= limit:
        problem = gettext("%(value)s is not between 0 and the maximum, %(limit)s.")
        raise CellError(column, problem % {"value": value, "limit": f"{limit:g}"})
    assessment = assessment[:LONGEST_KEY]
    return Made(
        "assessment.graded",
        (chosen["course"], chosen.get("run", ""), learner, assessment),
        at,
        learner=learner,
        course=chosen["course"],
        run=chosen.get("run", ""),
        object=assessment,
        value=score,
        data={"max": limit},
        columns={**columns, "value": column, "object": column},
        is_undated=True,
    )


def columns_like(names: Sequence[str], pattern: re.Pattern[str]) -> dict[str, re.Match[str]]:
    """Return the columns whose names match, with the match."""
    return {name: found for name in names if (found := pattern.fullmatch(name.strip()))}
