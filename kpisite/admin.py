from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy

admin.site.site_header = "Learning KPIs"
admin.site.site_title = "Learning KPIs"
admin.site.index_title = gettext_lazy("Administration")
admin.site.site_url = "/kpi-dashboard"
