from __future__ import annotations

from django.urls import path, re_path

from alerts.api import views as api
from alerts.api.bulk import BulkView
from alerts.pages.views import alert, alerts

app_name = "alerts"

ALERT = r"^api/alerts/(?P<pk>[0-9]{1,18})"

urlpatterns = [
    path("alerts", alerts, name="alerts"),
    path("alerts/<int:pk>", alert, name="alert"),
    re_path(r"^api/alerts/bulk/?$", BulkView.as_view(), name="api-alerts-bulk"),
    re_path(r"^api/alerts/?$", api.AlertListView.as_view(), name="api-alerts"),
    re_path(ALERT + r"/?$", api.AlertView.as_view(), name="api-alert"),
    *(
        re_path(ALERT + rf"/{action}/?$", view.as_view(), name=f"api-alert-{action}")
        for action, view in api.ACTIONS.items()
    ),
]
