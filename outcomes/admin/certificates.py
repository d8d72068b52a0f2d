from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from outcomes.admin.facts import FactAdmin
from outcomes.models import Certificate, CertificateCode


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


@admin.register(CertificateCode)
class CertificateCodeAdmin(admin.ModelAdmin):
    """Staff may correct the name on a certificate, and nothing else."""

    list_display = ("__str__", "enrollment", "name")
    list_select_related = ("enrollment__learner", "enrollment__run__course")
    fields = ("enrollment", "code", "name")
    readonly_fields = ("enrollment", "code")
    search_fields = ("code__exact", "enrollment__learner__key__exact")
    search_help_text = _("Enter the complete code without hyphens, or the complete learner key.")
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
