#!/usr/bin/env bash
# tablib 3.10.0 (odfpy 1.4.1): importing an ODS file loses rows without an error.
#
# OpenDocument stores equal neighbors once, with a count: LibreOffice writes two equal rows as one
# row with number-rows-repeated="2". tablib expands neither that nor number-columns-repeated for
# cells that have a value, so three equal rows of a gradebook arrive as one, and a row whose
# neighboring grades are equal arrives with a cell fewer: the grades after it move to the left,
# under the names of other columns.
#
# Seen: of "Ada | 8 | 8 | 9" and three times "Bo | 1 | 2 | 3", tablib reads ["Ada", 8, 9, ""] and one Bo.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'tablib[ods]==3.10.0' odfpy==1.4.1

"$folder/venv/bin/python" - "$folder/grades.ods" <<'PYTHON'
import sys

import tablib
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P


def cell(value, times=1):
    kind = "float" if isinstance(value, int) else "string"
    values = {"value": value} if kind == "float" else {}
    if times > 1:
        values["numbercolumnsrepeated"] = times
    found = TableCell(valuetype=kind, **values)
    found.addElement(P(text=str(value)))
    return found


def row(*cells, times=1):
    found = TableRow(**({"numberrowsrepeated": times} if times > 1 else {}))
    for one in cells:
        found.addElement(one)
    return found


document, table = OpenDocumentSpreadsheet(), Table(name="Grades")
table.addElement(row(cell("Name"), cell("Quiz 1"), cell("Quiz 2"), cell("Essay")))
# as LibreOffice stores Ada | 8 | 8 | 9, and three rows Bo | 1 | 2 | 3
table.addElement(row(cell("Ada"), cell(8, times=2), cell(9)))
table.addElement(row(cell("Bo"), cell(1), cell(2), cell(3), times=3))
document.spreadsheet.addElement(table)
document.save(sys.argv[1])

book = tablib.Databook()
with open(sys.argv[1], "rb") as file:
    try:
        book.load(file, "ods")
        read = [list(one) for one in book.sheets()[0]]
    except tablib.InvalidDimensions as error:
        print(f"tablib {tablib.__version__}: InvalidDimensions: {error}")
        raise SystemExit(0)
print(f"tablib {tablib.__version__} reads {read}")
right = [["Ada", 8, 8, 9], *[["Bo", 1, 2, 3]] * 3]
raise SystemExit("The rows are complete now." if read == right else 0)
PYTHON
