from __future__ import annotations

from django.urls import path

from dashboard import views

app_name = "dashboard"

urlpatterns = [
    path("kpi-dashboard", views.dashboard, name="dashboard"),
    path("kpi-dashboard/<str:key>", views.kpi, name="kpi"),
]
