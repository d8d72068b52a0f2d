from __future__ import annotations

from django.urls import path, re_path

from kpis import api, measurements, views
from kpis.findings.api import FindingListView

app_name = "kpis"

KPI = r"^api/kpi/(?P<category>[a-z]+)/(?P<slug>[a-z-]+)"

urlpatterns = [
    path("kpi-dashboard", views.dashboard, name="dashboard"),
    path("kpi-dashboard/<str:key>", views.kpi, name="kpi"),
    re_path(r"^api/kpi/findings/?$", FindingListView.as_view(), name="api-findings"),
    re_path(r"^api/kpi/?$", api.KpiListView.as_view(), name="api-kpis"),
    re_path(KPI + r"/?$", api.KpiView.as_view(), name="api-kpi"),
    re_path(KPI + r"/(?P<drill>[a-z-]+)/?$", api.DrillDownView.as_view(), name="api-drill-down"),
    re_path(
        r"^api/kpi/measurements/?$", measurements.MeasurementListView.as_view(), name="measurements"
    ),
]
