from __future__ import annotations

from django.urls import path

from dashboard import views
from dashboard.embedding import views as embedding

app_name = "dashboard"

urlpatterns = [
    path("kpi-dashboard", views.dashboard, name="dashboard"),
    path("embedding", embedding.embed_links, name="embed-links"),
    path("embedding/new", embedding.make_link, name="make-embed-link"),
    path("embedding/<int:pk>/withdraw", embedding.withdraw_link, name="withdraw-embed-link"),
    path("embed/<str:token>", embedding.embedded, name="embedded"),
    path("kpi-dashboard/<str:key>", views.kpi, name="kpi"),
]
