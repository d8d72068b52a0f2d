"""Pages as JSON, CSV and Parquet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.http import HttpResponse, JsonResponse

from core.csv_text import csv_text
from exports.pulling import Page
from exports.tables import ExportedTable

IS_DELETED = "is_deleted"


def as_json(table: ExportedTable, page: Page) -> HttpResponse:
    names = [one.name for one in table.columns]
    rows = [dict(zip(names, map(_plain, row), strict=True)) for row in page.rows]
    body = {
        "table": table.name,
        "rows": rows,
        "deleted": list(page.deleted),
        "next": page.next,
        "has_more": page.has_more,
    }
    return JsonResponse(body)


def as_csv(table: ExportedTable, page: Page) -> HttpResponse:
    names = [one.name for one in table.columns]
    rows = [dict(zip(names, map(_plain, row), strict=True)) for row in page.rows]
    marked = [row | {IS_DELETED: "false"} for row in rows]
    gone = [{"id": pk, IS_DELETED: "true"} for pk in page.deleted]
    text = csv_text([*marked, *gone], [*names, IS_DELETED])
    return _file(text.encode(), "text/csv; charset=utf-8", f"{table.name}.csv")


def as_parquet(table: ExportedTable, page: Page) -> HttpResponse:
    gone = [(pk, *(None,) * (len(table.columns) - 1)) for pk in page.deleted]
    rows = [*page.rows, *gone]
    columns = [
        pa.array(
            [_number(row[at]) for row in rows]
            if pa.types.is_floating(field.type)
            else [row[at] for row in rows],
            field.type,
        )
        for at, field in enumerate(table.schema)
    ]
    marks = pa.array([False] * len(page.rows) + [True] * len(gone), pa.bool_())
    schema = table.schema.append(pa.field(IS_DELETED, pa.bool_())).with_metadata(
        {"table": table.name, "meaning": table.meaning}
    )
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table([*columns, marks], schema=schema), sink)
    content = sink.getvalue().to_pybytes()
    return _file(content, "application/vnd.apache.parquet", f"{table.name}.parquet")


FORMATS: Mapping[str, Callable[[ExportedTable, Page], HttpResponse]] = {
    "json": as_json,
    "csv": as_csv,
    "parquet": as_parquet,
}


def _file(content: bytes, content_type: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _number(value: float | Decimal | None) -> float | None:
    return None if value is None else float(value)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value
