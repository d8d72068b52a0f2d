from __future__ import annotations

from django.urls import re_path

from exports.api import ExportTablesView, ExportTableView

app_name = "exports"

urlpatterns = [
    re_path(r"^api/export/?$", ExportTablesView.as_view(), name="tables"),
    re_path(r"^api/export/(?P<name>[a-z_]+)/?$", ExportTableView.as_view(), name="table"),
]
