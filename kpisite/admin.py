from __future__ import annotations

from django.contrib import admin

admin.site.site_header = "Learning KPIs"
admin.site.site_title = "Learning KPIs"
admin.site.index_title = "What staff keep, and what came in"
admin.site.site_url = "/kpi-dashboard"
