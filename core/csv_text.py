"""CSV that is safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

# Spreadsheets run a text that starts with one of these as a formula, in full width too.
FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
# Some spreadsheets read these as the start of the next cell.
BREAKS = ("\t", "\r", "\n")


def csv_text(rows: Iterable[dict[str, Any]], columns: Sequence[str] = ()) -> str:
    """Write these columns, followed by any others that the rows have."""
    rows = [{key: _cell(value) for key, value in row.items()} for row in rows]
    text = io.StringIO()
    columns = list(dict.fromkeys([*columns, *(key for row in rows for key in row)]))
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    """Put an apostrophe before a text that a spreadsheet would run as a formula."""
    if isinstance(value, str) and (
        value.startswith(BREAKS) or value.lstrip().startswith(FORMULA_STARTS)
    ):
        return f"'{value}"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return value.isoformat() if hasattr(value, "isoformat") else value
