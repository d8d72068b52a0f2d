"""Which files can be opened as tables, and the errors for those that cannot."""

# rows as long as the tools write them

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pytest
from odf import opendocument
from odf import table as ods
from odf.text import P
from openpyxl import Workbook

from intake.tables import opening
from intake.tables.errors import TableError
from intake.tables.opening import ManyTables, open_tables

pytestmark = pytest.mark.once


def rows(content: bytes, name: str = "file", **options: Any) -> list[tuple[int, list[str]]]:
    table = open_tables(lambda: io.BytesIO(content), name, **options)
    assert not isinstance(table, ManyTables)
    return [tuple(one) for one in table.records(table.delimiters[0])]  # type: ignore[misc]


def error_of(content: bytes, name: str = "file", **options: str) -> str:
    with pytest.raises(TableError) as caught:
        rows(content, name, **options)
    return str(caught.value)


def workbook(*sheets: Iterable[Iterable[object]]) -> bytes:
    book = Workbook()
    book.remove(book.active)
    for at, sheet in enumerate(sheets, 1):
        page = book.create_sheet(f"Sheet {at}")
        for row in sheet:
            page.append(list(row))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def document(*lines: Iterable[tuple[str, dict[str, str]]]) -> bytes:
    book = opendocument.OpenDocumentSpreadsheet()
    sheet = ods.Table(name="Sheet 1")
    for line in lines:
        row = ods.TableRow()
        for text, attributes in line:
            cell = ods.TableCell(**attributes)
            if text:
                cell.addElement(P(text=text))
            row.addElement(cell)
        sheet.addElement(row)
    book.spreadsheet.addElement(sheet)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def archive(**files: bytes) -> bytes:
    file = io.BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as made:
        for name, content in files.items():
            # of 1980, so that the same files make the same archive
            made.writestr(ZipInfo(name.replace("_", ".")), content, ZIP_DEFLATED)
    return file.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_text_is_read_in_any_encoding(encoding: str) -> None:
    assert rows("name\nZoë\n".encode(encoding)) == [(1, ["name"]), (2, ["Zoë"])]


def test_other_text_is_read_in_the_chosen_encoding_only() -> None:
    content = "name\nZoë\n".encode("windows-1252")
    text = error_of(content)

    assert "Line 2 is not UTF-8 (byte 3 is 0xeb)" in text
    assert "“Zoë” (windows-1252), “Zoë” (iso-8859-15), “ZoÎ” (mac-roman)" in text
    assert rows(content, encoding="windows-1252")[1] == (2, ["Zoë"])


def test_mixed_encodings_are_refused_with_both_lines() -> None:
    content = "Zoë\n".encode() + "Zoë\n".encode("windows-1252")

    assert "line 1 is UTF-8 and line 2 is not" in error_of(content, encoding="windows-1252")


def test_utf_16_that_is_cut_off_is_refused_with_its_line() -> None:
    assert "line 2: it is not valid UTF-16" in error_of("a\nb\n".encode("utf-16")[:-1])


def test_a_workbook_gives_text_as_a_csv_would_have_it() -> None:
    content = workbook(
        [
            ["n", "on", "yes"],
            [5.0, datetime.fromisoformat("2026-02-10T09:30"), True],
            [0.85, None, "x"],
        ]
    )

    assert rows(content)[1:] == [(2, ["5", "2026-02-10 09:30:00", "true"]), (3, ["0.85", "", "x"])]


def test_another_sheet_can_be_chosen() -> None:
    content = workbook([["a"]], [["b"]])

    assert rows(content, sheet="Sheet 2") == [(1, ["b"])]
    assert "Its sheets: Sheet 1, Sheet 2" in error_of(content, sheet="Sheet 3")


def test_a_formula_without_a_value_is_refused_with_its_cell() -> None:
    text = error_of(workbook([["a", "b"], [1, "=A2*2"]]))

    assert "Cell B2 of sheet “Sheet 1” has the formula =A2*2 but no value" in text


def test_the_value_of_a_formula_is_read() -> None:
    content = workbook([["a", "b"], [1, "=A2*2"], [2, 5]])
    sheet = "xl/worksheets/sheet1.xml"
    with ZipFile(io.BytesIO(content)) as read:
        parts = {one: read.read(one) for one in read.namelist()}
    parts[sheet] = parts[sheet].replace(b"<f>A2*2</f><v></v>", b"<f>A2*2</f><v>2</v>")
    parts[sheet] = parts[sheet].replace(b"<f>A2*2</f><v/>", b"<f>A2*2</f><v>2</v>")
    parts[sheet] = parts[sheet].replace(b"<f>A2*2</f><v />", b"<f>A2*2</f><v>2</v>")
    file = io.BytesIO()
    with ZipFile(file, "w") as made:
        for name, part in parts.items():
            made.writestr(name, part)

    assert rows(file.getvalue())[1:] == [(2, ["1", "2"]), (3, ["2", "5"])]


def test_a_row_far_below_is_not_padded_with_memory() -> None:
    book = Workbook()
    book.active["A1"], book.active["XFD1"], book.active["A100000"] = "a", "b", "c"
    file = io.BytesIO()
    book.save(file)

    assert [line for line, _ in rows(file.getvalue())] == [1, 100_000]


def test_an_opendocument_sheet_is_read_with_its_repeated_cells_and_rows() -> None:
    content = document(
        [("a", {}), ("", {"numbercolumnsrepeated": "2"}), ("b", {})],
        [("x", {"numbercolumnsrepeated": "2"}), ("", {"numbercolumnsrepeated": "1022"})],
        [
            ("5", {"valuetype": "float", "value": "5"}),
            ("1 Feb", {"valuetype": "date", "datevalue": "2026-02-01"}),
        ],
    )

    assert rows(content) == [
        (1, ["a", "", "", "b"]), (2, ["x", "x"]), (3, ["5", "2026-02-01"]),
    ]  # fmt: skip


def test_a_zip_with_one_table_is_that_table() -> None:
    assert rows(archive(answers_csv=b"a,b\n1,2\n")) == [(1, ["a", "b"]), (2, ["1", "2"])]


@pytest.mark.parametrize(
    "content", [workbook([["a"], ["b"]]), archive(a_csv=b"a\n" * 100)], ids=["workbook", "zip"]
)
def test_a_truncated_zip_or_workbook_is_refused(content: bytes) -> None:
    assert "is cut off or damaged" in error_of(content[:-30])


def test_a_damaged_part_is_refused() -> None:
    content = bytearray(archive(a_csv=bytes(range(32, 127)) * 40))
    content[60:70] = b"\x00" * 10

    assert "a.csv is damaged in the ZIP file" in error_of(bytes(content))


def test_a_zip_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "MAX_UNPACKED_MB", 1)
    content = archive(a_csv=b"a\n" * 1_000_000)

    assert len(content) < 10_000
    assert "unpacks to more than 1 MB" in error_of(content)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\xd0\xcf\x11\xe0rest", "Save it as XLSX"),
        (b"a,b\x00c\n", "line 1 contains a NUL byte"),
        (archive(a_pdf=b"%PDF"), "contains no CSV, TSV, JSON, XLSX or ODS file"),
        (archive(a_csv=archive(b_csv=b"a")), "contains another ZIP file"),
        (archive(**{"xl/workbook_xml": b"<workbook"}), "is not a complete workbook"),
    ],
    ids=["empty", "old Excel", "binary", "no table", "zip in zip", "half a workbook"],
)
def test_what_is_no_table_is_refused_with_a_solution(content: bytes, message: str) -> None:
    assert message in error_of(content)
