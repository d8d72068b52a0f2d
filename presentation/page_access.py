"""The desk that a page asks."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone

from accounts.api_permissions import MayReadKpis
from accounts.reader import Reader
from kpis.query.query_service import KpiQueryService


def query_service_of(request: HttpRequest) -> KpiQueryService:
    """Who asks, and when; PermissionDenied for an account that may read no KPI."""
    reader = Reader.of(request.user)
    if not reader.reads_kpis:
        raise PermissionDenied(MayReadKpis.message)
    return KpiQueryService(reader, timezone.now())
