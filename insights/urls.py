from __future__ import annotations

from django.urls import re_path

from insights.api.views import FindingListView

app_name = "insights"

urlpatterns = [
    re_path(r"^api/kpi/findings/?$", FindingListView.as_view(), name="api-findings"),
]
