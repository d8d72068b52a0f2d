from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api_permissions import MayReadKpis
from core.api_errors import ProblemSchema
from kpis.api import json_answers
from kpis.api.schemas import KpiResultSchema, KpiSchema, TableSchema
from kpis.definitions.aggregates import BY
from kpis.definitions.registry import REGISTRY, DrillDown, Indicator
from kpis.models import PeriodKind
from kpis.query import suppressed_tables
from kpis.query.query_params import SCOPE, query_of, reject_unknown, wants_csv
from kpis.query.query_service import KpiQueryService
from kpis.query.targets import TargetHistory

JSON, CSV = "application/json", "text/csv"
PEOPLE = "Keys of a group of learners; needs kpis:small-groups."
PARAMETERS = [
    OpenApiParameter("from", str, description="First day, such as 2026-01-01."),
    OpenApiParameter("to", str, description="Last day, included."),
    OpenApiParameter("period", str, enum=PeriodKind.values, description="Default: month."),
    OpenApiParameter("course", str, description="Key of a course."),
    OpenApiParameter("run", str, description="Key of a course run."),
    OpenApiParameter("module", str, description="Key of a module."),
    OpenApiParameter("learner", str, many=True, description=PEOPLE),
    OpenApiParameter("compare", str, enum=["previous", "target"]),
    OpenApiParameter("by", str, enum=list(BY), description="Answer `groups` as well."),
    OpenApiParameter("format", str, enum=["json", "csv"]),
]
PROBLEMS = {400: ProblemSchema, 401: ProblemSchema, 403: ProblemSchema, 404: ProblemSchema}


OF_ANSWER = ("compare", "by")


class KpiListView(APIView):
    """Every KPI: its definition, unit, target and address."""

    permission_classes = (IsAuthenticated, MayReadKpis)

    @extend_schema(operation_id="kpi_list", responses={200: KpiSchema(many=True), **PROBLEMS})
    def get(self, request: Request) -> Response:
        reject_unknown(request, ())
        targets = TargetHistory.load()
        today = timezone.localdate()
        return Response([_described(one, targets, today) for one in REGISTRY.values()])


class KpiView(APIView):
    """One KPI over periods, as JSON or CSV."""

    permission_classes = (IsAuthenticated, MayReadKpis)

    @extend_schema(
        operation_id="kpi_read",
        parameters=PARAMETERS,
        responses={(200, JSON): KpiResultSchema, (200, CSV): str, **PROBLEMS},
    )
    def get(self, request: Request, category: str, slug: str) -> HttpResponse:
        indicator = indicator_at(category, slug)
        reader, question = query_of(request, indicator)
        if wants_csv(request):
            reply = KpiQueryService(reader, question.now).ask(indicator, question)
            return csv_response(json_answers.result_rows(reply), f"{category}-{slug}.csv")
        if question.by is None:
            question = replace(question, by=indicator.always_by)
        return Response(
            json_answers.result_json(KpiQueryService(reader, question.now).ask(indicator, question))
        )


class DrillDownView(APIView):
    """A table under a KPI, for the window asked for or else the last period that is over."""

    permission_classes = (IsAuthenticated, MayReadKpis)

    @extend_schema(
        operation_id="kpi_drill_down",
        parameters=[one for one in PARAMETERS if one.name not in OF_ANSWER],
        responses={(200, JSON): TableSchema, (200, CSV): str, **PROBLEMS},
    )
    def get(self, request: Request, category: str, slug: str, drill: str) -> HttpResponse:
        indicator = indicator_at(category, slug)
        found = drill_down_at(indicator, drill)
        reader, question = query_of(request, indicator, names=SCOPE)
        period, table = suppressed_tables.suppressed_table(
            found, indicator, question, KpiQueryService(reader, question.now)
        )
        if wants_csv(request):
            columns = [column.key for column in table.columns]
            rows = json_answers.table_rows(table)
            return csv_response(rows, f"{category}-{slug}-{drill}.csv", columns)
        return Response(json_answers.table_json(indicator, found, table, period))


class ApiNotFoundView(APIView):
    """An address under /api/ that there is nothing at."""

    schema = None

    def get(self, request: Request, *_: object) -> Response:
        raise NotFound(f"There is nothing at {request.path}; see /api/docs.")

    post = put = patch = delete = get


def indicator_at(category: str, slug: str) -> Indicator:
    """The KPI at these two words of an address; NotFound names those there are."""
    indicator = REGISTRY.get(f"{category}.{slug}")
    if indicator is None:
        keys = ", ".join(key.replace(".", "/") for key in REGISTRY)
        raise NotFound(f"There is no KPI {category}/{slug}; there are {keys}.")
    return indicator


def drill_down_at(indicator: Indicator, key: str) -> DrillDown:
    found = indicator.drill_downs.get(key)
    if found is None:
        keys = ", ".join(indicator.drill_downs) or "none"
        raise NotFound(f"{indicator.name} has no drill-down {key}; there are: {keys}.")
    return found


def csv_response(
    rows: Iterable[dict[str, Any]], name: str, columns: Sequence[str] = ()
) -> HttpResponse:
    """A CSV of these columns and any more that the rows have."""
    rows = list(json_answers.safe_cells(rows))
    text = io.StringIO()
    columns = list(dict.fromkeys([*columns, *(key for row in rows for key in row)]))
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(rows)
    response = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _described(indicator: Indicator, targets: TargetHistory, today: Any) -> dict[str, Any]:
    target = targets.in_force(indicator.key, None, today)
    return {
        "kpi": indicator.key,
        "name": indicator.name,
        "category": indicator.category,
        "unit": indicator.unit.key,
        "definition": indicator.help,
        "definition_version": indicator.version,
        "higher_is_better": indicator.higher_is_better,
        "component_of": indicator.component_of,
        "is_total": indicator.is_total,
        "target": None if target is None else float(target.value),
        "url": json_answers.api_url(indicator),
        "drill_downs": list(indicator.drill_downs),
    }
