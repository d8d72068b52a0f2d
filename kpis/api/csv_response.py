from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpResponse

from core.csv_text import csv_text


def csv_response(
    rows: Iterable[dict[str, Any]], name: str, columns: Sequence[str] = ()
) -> HttpResponse:
    """Answer with these columns, followed by any others that the rows have."""
    response = HttpResponse(csv_text(rows, columns), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
