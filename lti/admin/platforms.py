from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin
from django.db import models
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from lti.models import Platform

# what an LMS asks for, by the name of the route here
ADDRESSES = {
    _("Login initiation URL"): "lti:login",
    _("Redirect and target link URI"): "lti:launch",
    _("Public key set URL"): "lti:keys",
}


@admin.register(Platform)
class PlatformAdmin(admin.ModelAdmin):
    list_display = ("name", "issuer", "client_id", "courses", "is_active")
    list_filter = ("is_active",)
    search_fields = ("name", "issuer", "client_id")
    fieldsets = (
        (None, {"fields": ("name", "is_active")}),
        (
            _("Enter in the LMS"),
            {
                "fields": ("addresses",),
                "description": _(
                    "Register this site in the LMS as an LTI 1.3 tool with these addresses, and let"
                    " it share names and e-mail addresses."
                ),
            },
        ),
        (
            _("Enter from the LMS"),
            {
                "fields": (
                    "issuer",
                    "client_id",
                    "deployment_ids",
                    "authorization_url",
                    "keys_url",
                    "token_url",
                    "page_origins",
                )
            },
        ),
        (_("People"), {"fields": ("learner_key", "verifies_email")}),
    )
    readonly_fields = ("addresses",)
    formfield_overrides: ClassVar[dict[Any, Any]] = {models.URLField: {"assume_scheme": "https"}}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).annotate(of_courses=Count("contexts"))
        return rows

    def save_model(self, request: HttpRequest, obj: Platform, form: Any, change: bool) -> None:
        if "keys_url" in form.changed_data:
            obj.key_set, obj.key_set_read_at = {}, None
        super().save_model(request, obj, form, change)

    @admin.display(description=_("addresses of this site"))
    def addresses(self, platform: Platform) -> SafeString:
        rows = [(title, settings.KPI_BASE_URL + reverse(name)) for title, name in ADDRESSES.items()]
        return format_html_join("\n", "<p>{}<br><code>{}</code></p>", rows)

    @admin.display(description=_("courses"), ordering="of_courses")
    def courses(self, platform: Any) -> int:
        return int(platform.of_courses)
