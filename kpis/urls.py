from __future__ import annotations

from django.urls import re_path

from kpis.api.courses import CourseListView
from kpis.api.date_notes import DateNoteListView
from kpis.api.measurements import MeasurementListView
from kpis.api.periods import PeriodListView
from kpis.api.views import DrillDownView, KpiListView, KpiView

app_name = "kpis"

KPI = r"^api/kpi/(?P<category>[a-z]+)/(?P<slug>[a-z-]+)"

urlpatterns = [
    re_path(r"^api/courses/?$", CourseListView.as_view(), name="api-courses"),
    re_path(r"^api/date-notes/?$", DateNoteListView.as_view(), name="api-date-notes"),
    re_path(r"^api/periods/?$", PeriodListView.as_view(), name="api-periods"),
    re_path(r"^api/kpi/?$", KpiListView.as_view(), name="api-kpis"),
    re_path(r"^api/kpi/measurements/?$", MeasurementListView.as_view(), name="measurements"),
    re_path(KPI + r"/?$", KpiView.as_view(), name="api-kpi"),
    re_path(KPI + r"/(?P<drill>[a-z-]+)/?$", DrillDownView.as_view(), name="api-drill-down"),
]
