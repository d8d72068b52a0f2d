"""The routes of the site: those of the apps, the admin, the API reference and the health check."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView

from accounts.views.second_factor import admin_sign_in
from kpis.api.views import ApiNotFoundView
from kpisite.api_reference import reference
from kpisite.http.health import health, web_health
from kpisite.http.languages import choose_language
from kpisite.metrics.page import metrics
from kpisite.privacy import privacy

handler400 = "kpisite.http.error_pages.bad_request"
handler500 = "kpisite.http.outage_responses.server_error"

urlpatterns = [
    path("", include("accounts.urls")),
    path("", include("dashboard.urls")),
    path("", include("curriculum_pages.urls")),
    path("", include("learners.urls")),
    path("", include("demo.urls")),
    path("", include("first_steps.urls")),
    path("", include("lti.urls")),
    path("", include("navigation.urls")),
    path("", include("notifications.urls")),
    path("", include("alerts.urls")),
    path("", include("improvement.urls")),
    path("", include("experiments.pages.urls")),
    path("", include("support.urls")),
    path("", include("exports.urls")),
    # before kpis, which would take their routes under /api/kpi for KPIs
    path("", include("insights.urls")),
    path("", include("business.urls")),
    path("", include("outcomes.urls")),
    path("", include("kpis.urls")),
    path("", include("intake.urls")),
    path("", include("statements.urls")),
    path("", include("xapi.urls")),
    path("", include("experiments.api.urls")),
    # our page limits attempts with a wrong old password
    path("admin/password_change/", RedirectView.as_view(pattern_name="password")),
    # before the admin's own: it asks for the second factor
    path("admin/login/", admin_sign_in),
    path("admin/", admin.site.urls),
    path("health", health, name="health"),
    path("health/web", web_health, name="health-web"),
    path("metrics", metrics, name="metrics"),
    path("privacy", privacy, name="privacy"),
    path("language", choose_language, name="language"),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs", reference, name="api-docs"),
    # last: all other routes of the API are not found
    re_path(r"^api(?:/|$)", ApiNotFoundView.as_view(), name="api-nowhere"),
]
