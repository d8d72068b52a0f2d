"""The files of a page: PDF, Excel and CSV."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_safe

from dashboard.dashboard import Dashboard
from dashboard.kpi_page import KpiPage
from dashboard.reports.kpi_report import kpi_report
from dashboard.reports.tab_report import tab_report
from kpis.definitions.registry import REGISTRY
from presentation.categories import CATEGORIES
from presentation.filters import read as read_filters
from presentation.page_query import query_service_of
from presentation.reports.blocks import Report
from presentation.reports.csv_files import report_csv
from presentation.reports.pdf import report_pdf
from presentation.reports.workbook import report_workbook


@dataclass(frozen=True)
class FileKind:
    content_type: str
    ending: str
    write: Callable[[Report], bytes]


def site_name() -> str:
    host = urlsplit(settings.KPI_BASE_URL).netloc
    return f"Learning KPIs · {host}"  # not translated: a name


def pdf(report: Report) -> bytes:
    return report_pdf(report, site_name())


SHEETS = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
KINDS: Mapping[str, FileKind] = {
    "pdf": FileKind("application/pdf", "pdf", pdf),
    "xlsx": FileKind(SHEETS, "xlsx", report_workbook),
    "csv": FileKind("application/zip", "csv.zip", report_csv),
}


@login_required
@require_safe
def dashboard_file(request: HttpRequest, kind: str) -> HttpResponse:
    """Answer with a tab as a file; wrong filters lead to the page, which explains them."""
    service = query_service_of(request)
    key = request.GET.get("tab") or next(iter(CATEGORIES))
    if key not in CATEGORIES or kind not in KINDS:
        raise Http404(f"Unknown tab {key} or kind {kind}")  # not translated: not shown
    filters = read_filters(request.GET.dict(), reader=service.reader, now=service.now)
    if filters.errors:
        return HttpResponseRedirect(f"/kpi-dashboard?{request.GET.urlencode()}")
    return as_file(tab_report(Dashboard(CATEGORIES[key], service, filters, True)), kind)


@login_required
@require_safe
def kpi_file(request: HttpRequest, key: str, kind: str) -> HttpResponse:
    """Answer with the page of a KPI as a file."""
    service = query_service_of(request)
    if key not in REGISTRY or kind not in KINDS:
        raise Http404(f"Unknown KPI {key} or kind {kind}")  # not translated: not shown
    filters = read_filters(request.GET.dict(), reader=service.reader, now=service.now)
    if filters.errors:
        return HttpResponseRedirect(f"/kpi-dashboard/{key}?{request.GET.urlencode()}")
    page = KpiPage(REGISTRY[key], service, filters, request.GET.get("by", ""))
    return as_file(kpi_report(page), kind)


def as_file(report: Report, kind: str) -> HttpResponse:
    file = KINDS[kind]
    response = HttpResponse(file.write(report), content_type=file.content_type)
    name = f"{report.name}.{file.ending}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "private, no-store"  # not translated: a header
    return response
