"""SurveyMonkey's export “All responses data”: two rows of header, dates of the account."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy

from intake.files.records import Header, joined
from intake.files.shapes.surveys import Survey
from intake.tables.text import Record as Line


class SurveyMonkey(Survey):
    key = "surveymonkey"
    title = gettext_lazy("SurveyMonkey responses")
    at = ("End Date", "Date Modified", "Start Date", "Date Created")
    response = ("Respondent ID", "respondent_id")
    own = ("Collector ID", "IP Address", "Start Date", "Date Created")
    people = ("Email Address", "Custom Data 1", "First Name", "Last Name", "Custom Data")
    signature = (("Respondent ID",), ("Collector ID",), at)

    def header_in(self, lines: Sequence[Line]) -> Header | None:
        """Join the second row of the header, if the file has one: its first cell is empty."""
        header = super().header_in(lines)
        if header is None or len(lines) == 1 or lines[1].cells[0].strip():
            return header
        return Header(header.line, joined((lines[0].cells, lines[1].cells)), rows=2)
