"""What files of payments share: whose payment it is, and for which course."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext, gettext_lazy

from intake.files.choices import Choice, Chosen, Option
from intake.files.records import Record, Sample

NOBODY = "nobody"


def payer_choices(sample: Sample, *columns: str) -> list[Choice]:
    """Ask for the columns of the customer and the course, of metadata columns as well."""
    others = [one for one in sample.header.names if one.casefold().endswith("(metadata)")]
    found = [name for column in (*columns, *others) if (name := sample.header.find(column))]
    options = [Option(one, one, next(iter(sample.values(one)), "")) for one in found]
    nobody = Option(NOBODY, gettext_lazy("Nobody: book the payments without a customer"))
    courses = [Option(one, one, next(iter(sample.values(one)), "")) for one in others]
    none = Option(NOBODY, gettext_lazy("No course: the payments count for the site"))
    return [
        Choice(
            "learner",
            gettext("Customers"),
            gettext("The column with the keys by which your other systems know the customers."),
            [*options, nobody],
        ),
        Choice("course_column", gettext("Course"), "", [none, *courses], NOBODY),
    ]


def paid_by(record: Record, chosen: Chosen) -> dict[str, Any]:
    """Return the customer and course of a payment, and their columns."""
    columns = {"occurred_at": "Created", "data.amount": "Amount", "data.currency": "Currency"}
    place: dict[str, Any] = {}
    for field, choice in (("learner", "learner"), ("course", "course_column")):
        column = chosen.get(choice, NOBODY)
        if column != NOBODY and record.get(column):
            place[field], columns[field] = record.get(column), column
    return {**place, "columns": columns}
