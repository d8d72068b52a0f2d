"""The findings endpoint."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api_permissions import MayReadKpis
from core.api_errors import InvalidParameters
from core.api_models import json_response
from core.cacheable import cacheable
from insights.api.response_models import FindingList, FindingModel
from insights.finding import Finding
from insights.report import report
from kpis.api.openapi import query_parameters
from kpis.api.views import PROBLEMS
from kpis.definitions.registry import headline
from kpis.query.query_params import reader_and_query, reject_unknown
from kpis.query.query_service import KpiQueryService
from presentation import filters
from presentation.categories import CATEGORIES
from presentation.page_query import query_page

NAMES = ("category", "course", "run", "dates", "from", "to", "period")
CATEGORY = OpenApiParameter("category", str, description="Default: all.")


class FindingListView(APIView):
    """List findings about the last closed period: targets, changes, modules, stale data."""

    permission_classes = (IsAuthenticated, MayReadKpis)

    @extend_schema(
        operation_id="finding_list",
        parameters=[CATEGORY, *query_parameters(NAMES)],
        responses={200: FindingList, **PROBLEMS},
    )
    @cacheable
    def get(self, request: Request) -> Response:
        reject_unknown(request, NAMES)
        categories = categories_of(request)
        reader, _ = reader_and_query(request)
        service = KpiQueryService(reader, timezone.now())
        chosen = filters.read(request.query_params.dict(), reader=reader, now=service.now)
        found = sorted(_findings(service, categories, chosen), key=lambda finding: finding.rank)
        findings = [FindingModel.of(one) for one in found]
        return json_response(FindingList(count=len(findings), findings=findings))


def categories_of(request: Request) -> list[str]:
    """Return the category requested, by default all; InvalidParameters if it is unknown."""
    key = request.query_params.get("category")
    if not key:
        return list(CATEGORIES)
    if key not in CATEGORIES:
        raise InvalidParameters(
            f"Unknown category “{key}”. Allowed: {', '.join(CATEGORIES)}.", "category"
        )
    return [key]


def _findings(
    service: KpiQueryService, categories: list[str], chosen: filters.Filters
) -> Iterator[Finding]:
    for key in categories:
        page = query_page(service, headline(key), chosen)
        yield from report(service, key, page).findings
