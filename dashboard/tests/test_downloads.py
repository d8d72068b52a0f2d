"""The files of pages: what they hold, and what they hide."""

from __future__ import annotations

import io
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook

from core.csv_text import FORMULA_STARTS
from curriculum.models import Course
from kpis.tests.measured import COMPLETION, SCORES, course, manager, measured
from kpis.tests.visitors import Visitor
from presentation.reports.blocks import Cell, Column, Table
from presentation.reports.csv_files import grid_csv
from presentation.reports.grids import grid_of
from presentation.reports.workbook import sheet_name

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_in_july_2026")]

FILES = "/kpi-dashboard/files"


def workbook(visitor: Visitor, url: str) -> dict[str, list[tuple[object, ...]]]:
    response = visitor.client.get(url)
    assert response.status_code == 200
    book = load_workbook(io.BytesIO(response.content))
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}


def test_a_workbook_has_numbers_that_can_be_computed_with(ada: Visitor) -> None:
    measured(COMPLETION, "2026-06", total=90, n=100)

    sheets = workbook(ada, f"{FILES}/xlsx?tab=engagement")
    heading, *rows = sheets["KPIs"]
    named = {
        found["KPI"]: found for found in (dict(zip(heading, one, strict=True)) for one in rows)
    }
    row = named["Completion rate"]

    assert (row["Value"], row["Observations"], row["Target"]) == (0.9, 100, 0.85)
    assert row["Difference"] == pytest.approx(5)
    assert (row["95% interval, lower end"], row["95% interval, upper end"]) == (
        pytest.approx(0.8256, abs=1e-4),
        pytest.approx(0.9448, abs=1e-4),
    )


def test_the_headings_of_a_workbook_stay_in_view_and_shares_are_percentages(ada: Visitor) -> None:
    measured(COMPLETION, "2026-06", total=90, n=100)
    content = ada.client.get(f"/kpi-dashboard/{COMPLETION}/files/xlsx").content
    sheet = load_workbook(io.BytesIO(content))["All periods"]

    assert sheet.freeze_panes == "B2"
    assert sheet["B1"].value == "Completion rate (%)"
    assert sheet["B13"].number_format == "0.0%"


def test_a_workbook_says_which_filters_it_has_and_what_its_kpis_mean(ada: Visitor) -> None:
    sheets = workbook(ada, f"/kpi-dashboard/{COMPLETION}/files/xlsx?period=quarter")
    about = {str(row[0]): str(row[1]) for row in sheets["About"]}

    assert about["Period"] == "Q2 2026 (last closed quarter)"
    assert about["Time zone"] == "UTC"
    assert "complete their course" in about["Completion rate"]
    assert about["Compared with"] == "Target and previous period"


@pytest.mark.parametrize(
    ("compare", "words"),
    [("last-year", "Target and same period last year"), ("none", "Nothing")],
)
def test_a_file_says_what_its_figures_are_compared_with(
    ada: Visitor, compare: str, words: str
) -> None:
    sheets = workbook(ada, f"{FILES}/xlsx?tab=engagement&compare={compare}")

    assert ("Compared with", words) in {row[:2] for row in sheets["About"]}


def test_a_csv_file_has_readable_headings_and_numbers_in_their_unit(ada: Visitor) -> None:
    measured(COMPLETION, "2026-06", total=90, n=100)

    archive = ZipFile(io.BytesIO(ada.client.get(f"{FILES}/csv?tab=engagement").content))
    (trend,) = [name for name in archive.namelist() if "trend" in name]
    lines = archive.read(trend).decode("utf-8-sig").splitlines()

    assert lines[0].startswith("Period,Completion rate (%),")
    assert "June 2026,90.0," in lines[-2]


def test_a_pdf_file_is_a4_and_in_the_reader_s_language(ada: Visitor) -> None:
    measured(COMPLETION, "2026-05", total=80, n=100)
    measured(COMPLETION, "2026-06", total=90, n=100)
    ada.client.defaults["HTTP_ACCEPT_LANGUAGE"] = "de"

    response = ada.client.get(f"{FILES}/pdf?tab=engagement")

    assert response.headers["Content-Type"] == "application/pdf"
    assert response.content.startswith(b"%PDF-")
    assert b"/Lang (de" in response.content
    assert b"/MediaBox [0 0 595.28 841.89]" in response.content


def test_files_hide_what_the_page_hides() -> None:
    small = course("small")
    measured(COMPLETION, "2026-06", total=3, n=4, of=small, learners=4)
    bo = Visitor(manager(small))

    sheets = workbook(bo, f"/kpi-dashboard/{COMPLETION}/files/xlsx?course=small")
    june = [row for row in sheets["All periods"] if row[0] == "June 2026"]

    assert june[0][1] == "–"
    assert june[0][-1] == "Hidden"
    assert 0.75 not in june[0]


def test_a_course_without_a_grant_leads_to_the_page_that_says_so() -> None:
    mine = course("mine")
    course("other")
    bo = Visitor(manager(mine))

    response = bo.client.get(f"{FILES}/pdf?tab=engagement&course=other")

    assert response.status_code == 302
    assert response.headers["Location"] == "/kpi-dashboard?tab=engagement&course=other"


def test_the_link_on_the_page_keeps_the_filters(ada: Visitor) -> None:
    course("py")

    ada.reads("/kpi-dashboard?tab=outcome&course=py&period=week")

    assert "/kpi-dashboard/files/pdf?period=week&amp;course=py&amp;tab=outcome" in ada.html


@pytest.mark.parametrize("start", FORMULA_STARTS)
def test_a_title_is_never_a_formula(ada: Visitor, start: str) -> None:
    Course.objects.create(key="evil", title=f"{start}1+1")
    evil = Course.objects.get(key="evil")
    measured(SCORES, "2026-06", total=50, n=60, of=evil)
    content = ada.client.get(f"/kpi-dashboard/{SCORES}/files/xlsx").content
    cells = [cell for row in load_workbook(io.BytesIO(content))["Comparison"] for cell in row]

    assert [cell.data_type for cell in cells if str(cell.value).endswith("1+1")] == ["s"]


@pytest.mark.once
def test_a_csv_cell_is_never_a_formula() -> None:
    table = Table("Names", [Column("Name")], [[Cell("=1+1")]])

    assert grid_csv(grid_of(table)).splitlines()[1] == "'=1+1"


@pytest.mark.once
def test_sheets_of_one_name_are_numbered_and_without_forbidden_letters() -> None:
    assert sheet_name("A/B: C", []) == "A B  C"
    assert sheet_name("Trend", ["trend"]) == "Trend 2"
    assert len(sheet_name("x" * 40, ["x" * 31])) <= 31
