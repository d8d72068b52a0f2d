from __future__ import annotations

from csp.constants import SELF
from csp.decorators import csp_update
from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from kpis.api.views import ApiNotFoundView
from kpisite.http.health import health
from kpisite.http.languages import choose_language

# Its own template has inline style, which the Content-Security-Policy forbids.
reference = SpectacularSwaggerSplitView.as_view(
    url_name="schema", template_name="kpisite/api_docs.html"
)
# Swagger UI draws its arrows by data: images, which run nothing.
with_drawn_images = csp_update({"img-src": [SELF, "data:"]})

handler400 = "kpisite.http.error_pages.bad_request"
handler500 = "kpisite.http.outage_answers.server_error"

urlpatterns = [
    path("", include("accounts.urls")),
    path("", include("dashboard.urls")),
    path("", include("notifications.urls")),
    path("", include("alerts.urls")),
    # what they add under /api/kpi would else be asked for as KPIs
    path("", include("insights.urls")),
    path("", include("business.urls")),
    path("", include("outcomes.urls")),
    path("", include("kpis.urls")),
    path("", include("intake.urls")),
    # wrong old passwords are counted there
    path("admin/password_change/", RedirectView.as_view(pattern_name="password")),
    path("admin/", admin.site.urls),
    path("health", health, name="health"),
    path("language", choose_language, name="language"),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path(
        "api/docs",
        login_required(with_drawn_images(reference)),
        name="api-docs",
    ),
    # last of all: what nothing above answers
    re_path(r"^api(?:/|$)", ApiNotFoundView.as_view(), name="api-nowhere"),
]
