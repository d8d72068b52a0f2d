from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from outcomes.admin.facts import FactAdmin
from outcomes.models import Certificate


@admin.register(Certificate)
class CertificateAdmin(FactAdmin):
    csv_kinds = ("certificate.earned", "certificate.revoked", "certificate.expired")
    list_display = ("number", "enrollment", "earned_at", "expires_on", "revoked_at", "expired_at")
    list_display_links = ("number", "enrollment")
    list_filter = (
        *FactAdmin.list_filter,
        ("revoked_at", admin.EmptyFieldListFilter),
        ("expired_at", admin.EmptyFieldListFilter),
    )
    search_fields: ClassVar[Any] = ("number", *FactAdmin.search_fields)
    search_help_text = _("Enter the complete certificate number or learner key.")
    date_hierarchy: ClassVar[str] = "earned_at"
