"""CSV responses that are safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpResponse

# Spreadsheets run a text that starts with one of these as a formula, in full width too.
FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
# Some spreadsheets read these as the start of the next cell.
BREAKS = ("\t", "\r", "\n")


def csv_response(
    rows: Iterable[dict[str, Any]], name: str, columns: Sequence[str] = ()
) -> HttpResponse:
    """Answer with these columns, followed by any others that the rows have."""
    rows = [{key: _safe(value) for key, value in row.items()} for row in rows]
    text = io.StringIO()
    columns = list(dict.fromkeys([*columns, *(key for row in rows for key in row)]))
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(rows)
    response = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _safe(value: Any) -> Any:
    """Put an apostrophe before a text that a spreadsheet would run as a formula."""
    if isinstance(value, str) and (
        value.startswith(BREAKS) or value.lstrip().startswith(FORMULA_STARTS)
    ):
        return f"'{value}"
    return value.isoformat() if hasattr(value, "isoformat") else value
