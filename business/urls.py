from __future__ import annotations

from django.urls import path, re_path

from business import views
from business.api import TrajectoryView

app_name = "business"

urlpatterns = [
    re_path(r"^api/kpi/business/trajectory/?$", TrajectoryView.as_view(), name="trajectory"),
    path("organizations", views.organizations, name="organizations"),
    path("r", views.own_code, name="own-code"),
    path("r/<str:code>", views.follow, name="follow"),
]
