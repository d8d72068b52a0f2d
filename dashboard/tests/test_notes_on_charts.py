"""Notes on dates on the charts of pages and in their files."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

import pytest

from curriculum.models import Course
from dashboard.embedding import links
from kpis.models import DateNote
from kpis.tests.measured import COMPLETION, course, manager, measured, staff
from kpis.tests.visitors import Visitor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_in_july_2026")]

PAGE = "/kpi-dashboard?tab=engagement"


def note(text: str, day: str, of: Course | None = None) -> None:
    DateNote.objects.create(text=text, first_day=date.fromisoformat(day), course=of)


def chart(visitor: Visitor, url: str) -> dict[str, Any]:
    visitor.reads(url)
    found = re.search(r'<script id="trend-data"[^>]*>(.*?)</script>', visitor.html, re.DOTALL)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_a_note_marks_the_period_that_contains_it_and_is_listed(ada: Visitor) -> None:
    measured(COMPLETION, "2026-06", total=90, n=100)
    note("New video platform", "2026-06-12")

    drawn = chart(ada, PAGE)
    (mark,) = drawn["notes"]

    assert drawn["labels"][mark["first"]] == "Jun 2026"
    assert mark["first"] == mark["last"]
    assert "12 Jun 2026: New video platform" in ada.reads(PAGE)


def test_a_note_outside_the_periods_is_not_shown(ada: Visitor) -> None:
    measured(COMPLETION, "2026-06", total=90, n=100)
    note("Long ago", "2024-06-12")

    assert "notes" not in chart(ada, PAGE)


def test_notes_of_other_courses_are_not_shown() -> None:
    py, sql = course("py"), course("sql")
    measured(COMPLETION, "2026-06", total=90, n=100, of=py)
    note("New videos", "2026-06-12", of=py)
    note("Secret", "2026-06-12", of=sql)
    bo, ada = Visitor(manager(py)), Visitor(staff())

    assert [one["text"] for one in chart(bo, f"/kpi-dashboard/{COMPLETION}")["notes"]] == [
        "12 Jun 2026: New videos (All about py)"
    ]
    assert "Secret" not in ada.reads(f"{PAGE}&course=py")
    assert "Secret" in ada.reads(PAGE)


def test_embedded_charts_show_no_notes() -> None:
    measured(COMPLETION, "2026-06", total=90, n=100)
    note("Internal", "2026-06-12")
    link = links.make("Intranet", "engagement", course=None, period="month", days=9, by=staff())
    text = Visitor().reads(links.url_of(link).partition("localhost:5000")[2])

    assert "Trend" in text
    assert "Internal" not in text


def test_only_those_who_may_write_notes_see_the_link(ada: Visitor) -> None:
    py = course("py")

    assert "Add a note" in ada.reads(PAGE)
    assert "Add a note" not in Visitor(manager(py)).reads(PAGE)
