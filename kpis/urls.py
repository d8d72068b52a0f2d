from __future__ import annotations

from django.urls import path, re_path

from alerts.api import views as alerts_api
from alerts.pages.views import alert, alerts
from dashboard import views
from insights.api import FindingListView
from kpis.api import measurements
from kpis.api import views as api
from notifications.unsubscribe import weekly_summary
from notifications.views import read_notices

app_name = "kpis"

KPI = r"^api/kpi/(?P<category>[a-z]+)/(?P<slug>[a-z-]+)"
ALERT = r"^api/alerts/(?P<pk>[0-9]{1,18})"

urlpatterns = [
    path("kpi-dashboard", views.dashboard, name="dashboard"),
    path("kpi-dashboard/<str:key>", views.kpi, name="kpi"),
    path("weekly-summary/<str:token>", weekly_summary, name="weekly-summary"),
    path("alerts", alerts, name="alerts"),
    path("alerts/read", read_notices, name="read-notices"),
    path("alerts/<int:pk>", alert, name="alert"),
    re_path(r"^api/alerts/?$", alerts_api.AlertListView.as_view(), name="api-alerts"),
    re_path(ALERT + r"/?$", alerts_api.AlertView.as_view(), name="api-alert"),
    *(
        re_path(ALERT + rf"/{act}/?$", view.as_view(), name=f"api-alert-{act}")
        for act, view in alerts_api.ACTS.items()
    ),
    re_path(r"^api/kpi/findings/?$", FindingListView.as_view(), name="api-findings"),
    re_path(r"^api/kpi/?$", api.KpiListView.as_view(), name="api-kpis"),
    re_path(KPI + r"/?$", api.KpiView.as_view(), name="api-kpi"),
    re_path(KPI + r"/(?P<drill>[a-z-]+)/?$", api.DrillDownView.as_view(), name="api-drill-down"),
    re_path(
        r"^api/kpi/measurements/?$", measurements.MeasurementListView.as_view(), name="measurements"
    ),
]
