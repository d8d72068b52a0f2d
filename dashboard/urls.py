from __future__ import annotations

from django.urls import path

from dashboard import views, wall
from dashboard.embedding import views as embedding
from dashboard.reports import downloads, own_reports
from dashboard.reports.unsubscribe import end_by_link
from dashboard.saved_views import views as saved_views

app_name = "dashboard"

urlpatterns = [
    path("kpi-dashboard", views.dashboard, name="dashboard"),
    path("kpi-wall", wall.wall, name="wall"),
    path("embedding", embedding.embed_links, name="embed-links"),
    path("embedding/new", embedding.make_link, name="make-embed-link"),
    path("embedding/<int:pk>/withdraw", embedding.withdraw_link, name="withdraw-embed-link"),
    path("embed/<str:token>", embedding.embedded, name="embedded"),
    path("kpi-dashboard/views", saved_views.saved_views, name="saved-views"),
    path("kpi-dashboard/views/new", saved_views.save_view, name="save-view"),
    path("kpi-dashboard/views/<int:pk>", saved_views.open_saved_view, name="saved-view"),
    path("kpi-dashboard/views/<int:pk>/change", saved_views.change_view, name="change-view"),
    path("reports", own_reports.own_reports, name="reports"),
    path("reports/new", own_reports.subscribe, name="subscribe-report"),
    path("reports/<int:pk>/end", own_reports.end, name="end-report"),
    path("reports/unsubscribe/<str:token>", end_by_link, name="end-report-by-link"),
    path("kpi-dashboard/files/<str:kind>", downloads.dashboard_file, name="dashboard-file"),
    path("kpi-dashboard/<str:key>/files/<str:kind>", downloads.kpi_file, name="kpi-file"),
    path("kpi-dashboard/<str:key>", views.kpi, name="kpi"),
]
