from __future__ import annotations

from django.urls import path

from learners.views import certificates, own_data, progress

app_name = "learners"

urlpatterns = [
    path("my-progress", progress.progress, name="progress"),
    path("my-data", own_data.data, name="data"),
    path("my-data.json", own_data.as_json, name="data-json"),
    path("my-data.zip", own_data.as_zip, name="data-zip"),
    path("my-data/erasure", own_data.ask_for_erasure, name="erasure"),
    path("my-data/erasure/withdrawal", own_data.withdraw_erasure, name="erasure-withdrawal"),
    path("certificates", certificates.own, name="certificates"),
    path("certificates/<str:code>", certificates.certificate, name="certificate"),
    path("certificates/<str:code>/pdf", certificates.pdf, name="certificate-pdf"),
]
