"""The routes of exported tables."""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from pydantic import Field
from rest_framework import status
from rest_framework.exceptions import APIException, NotFound, PermissionDenied
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.audit import Action, record
from accounts.models import ApiKey
from accounts.reader import Reader
from core.api_errors import InvalidParameters, Problem
from core.api_models import ApiModel, json_response
from core.cacheable import cacheable
from exports.change_log.feed import NotReady
from exports.formats import FORMATS
from exports.pulling import Pull
from exports.tables import TABLES, ExportedTable
from kpis.query.query_params import check_limit, reject_unknown

USUAL, MOST = 1_000, 10_000
PARAMETERS = [
    OpenApiParameter("since", str, description="“next” of the former response; none: all rows."),
    OpenApiParameter("limit", int, description=f"Rows per page, {USUAL} if left out."),
    OpenApiParameter("format", str, enum=list(FORMATS)),
]


class MayReadFacts(BasePermission):
    message = "Exporting tables requires an API key with the scope facts:read."

    def has_permission(self, request: Request, view: APIView) -> bool:
        principal: object = request.user
        return isinstance(principal, ApiKey) and principal.may(ApiKey.Scope.FACTS_READ)


class NotYet(APIException):
    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "not_ready"
    default_detail = "The export begins when those who write now have finished. Try again."
    # the response's Retry-After
    wait = 1


class ExportColumn(ApiModel):
    name: str
    type: Literal["integer", "number", "boolean", "text", "date", "timestamp"]
    unit: str
    meaning: str


class ExportTable(ApiModel):
    table: str
    meaning: str
    url: str
    is_detailed: bool = Field(description="Requires kpis:small-groups, too.")
    columns: list[ExportColumn]

    @classmethod
    def of(cls, table: ExportedTable) -> ExportTable:
        columns = [
            ExportColumn(
                name=one.name,
                type=one.types(table.model)[0],  # type: ignore[arg-type]
                unit=one.unit,
                meaning=one.meaning,
            )
            for one in table.columns
        ]
        return cls(
            table=table.name,
            meaning=table.meaning,
            url=f"/api/export/{table.name}",
            is_detailed=table.is_detailed,
            columns=columns,
        )


class ExportTables(ApiModel):
    tables: list[ExportTable]


class ExportPage(ApiModel):
    table: str
    rows: list[dict[str, Any]] = Field(description="Rows as they are now, by column.")
    deleted: list[int] = Field(description="Ids of rows that are gone.")
    next: str = Field(description="The cursor for `since`; keep it with your copy.")
    has_more: bool = Field(description="Whether the next page can be asked for at once.")


class ExportTablesView(APIView):
    """The tables that can be exported, with their columns."""

    permission_classes = (IsAuthenticated, MayReadFacts)

    @extend_schema(
        operation_id="export_tables",
        responses={200: ExportTables, **dict.fromkeys((400, 401, 403), Problem)},
    )
    @cacheable
    def get(self, request: Request) -> Response:
        reject_unknown(request, ())
        return json_response(ExportTables(tables=[ExportTable.of(one) for one in TABLES.values()]))


class ExportTableView(APIView):
    """A page of a table: all rows first, then what has changed since the cursor."""

    permission_classes = (IsAuthenticated, MayReadFacts)

    @extend_schema(
        operation_id="export_table",
        parameters=PARAMETERS,
        responses={
            (200, "application/json"): ExportPage,
            (200, "text/csv"): str,
            (200, "application/vnd.apache.parquet"): OpenApiTypes.BINARY,
            **dict.fromkeys((400, 401, 403, 404, 410, 503), Problem),
        },
    )
    def get(self, request: Request, name: str) -> HttpResponse:
        table, reader = _table(name), Reader.of(request.user)
        if table.is_detailed and not reader.sees_small_groups:
            raise PermissionDenied(f"The table {name} requires kpis:small-groups, too.")
        reject_unknown(request, [one.name for one in PARAMETERS])
        check_limit(request, MOST)
        write = FORMATS.get(request.query_params.get("format", "json"))
        if write is None:
            raise InvalidParameters(
                f"Unknown format. Choose one of {', '.join(FORMATS)}.", "format"
            )
        limit = int(request.query_params.get("limit", USUAL))
        key: Any = request.user
        pull = Pull(table, key.pk, reader, limit)
        try:
            page = pull.page(request.query_params.get("since"), timezone.localdate())
        except NotReady:
            raise NotYet from None
        if table.is_detailed:
            record(key, Action.EXPORTED, about=table.model, count=len(page.rows))
        response = write(table, page)
        response["X-Export-Next"] = page.next
        response["X-Export-More"] = "true" if page.has_more else "false"
        return response


def _table(name: str) -> ExportedTable:
    if (table := TABLES.get(name)) is None:
        raise NotFound(f"Unknown table “{name}”. Available: {', '.join(TABLES)}.")
    return table
