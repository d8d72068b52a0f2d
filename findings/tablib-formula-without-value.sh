#!/usr/bin/env bash
# tablib 3.10.0 (openpyxl 3.1.5): a formula whose result is not stored imports as an empty cell.
#
# Programs that write workbooks (openpyxl, most exports of web applications) store formulas without
# results; only spreadsheet programs calculate. openpyxl leaves it to its caller to load a workbook
# twice, with data_only=False and True, to tell an empty cell from such a formula. tablib loads it
# once with data_only=True, so a column of totals, or of grades, is silently None, and an import
# library on top of it (django-import-export) stores it as "no value".
#
# Seen: the cell =A2*2, never calculated, and an empty cell are both None.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'tablib[xlsx]==3.10.0' openpyxl==3.1.5

"$folder/venv/bin/python" - "$folder/grades.xlsx" <<'PYTHON'
import sys

import openpyxl
import tablib

book = openpyxl.Workbook()
for row in (("Points", "Grade"), (40, "=A2*2"), (35, None)):
    book.active.append(row)
book.save(sys.argv[1])

with open(sys.argv[1], "rb") as file:
    read = tablib.Dataset().load(file, "xlsx")["Grade"]
print(f"tablib {tablib.__version__} reads the grades {read}")
raise SystemExit(0 if read == [None, None] else "A formula is told from an empty cell now.")
PYTHON
