from __future__ import annotations

from django.urls import path

from learners.views import certificates, progress

app_name = "learners"

urlpatterns = [
    path("my-progress", progress.progress, name="progress"),
    path("certificates", certificates.own, name="certificates"),
    path("certificates/<str:code>", certificates.certificate, name="certificate"),
    path("certificates/<str:code>/pdf", certificates.pdf, name="certificate-pdf"),
]
