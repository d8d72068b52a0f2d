from __future__ import annotations

from django.urls import path

from navigation import help_views, search_views

app_name = "navigation"

urlpatterns = [
    path("help", help_views.index, name="help"),
    path("help/kpis", help_views.kpis, name="kpi-definitions"),
    path("help/guide/<path:name>", help_views.guide, name="guide"),
    path("whats-new", help_views.whats_new, name="whats-new"),
    path("search", search_views.search, name="search"),
    path("search/suggestions", search_views.suggestions, name="suggestions"),
]
