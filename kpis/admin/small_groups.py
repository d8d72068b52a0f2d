"""Restrict figures in the admin to staff with the small-groups permission."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.admin.users import acting_user


def may_see_figures(request: HttpRequest) -> bool:
    """True if the visitor may see figures of small groups."""
    return acting_user(request).has_perm("accounts.view_small_groups")


class SmallGroupsAdmin(admin.ModelAdmin):
    """Admin of rows that contain figures of small groups; the API has the same restriction."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) and may_see_figures(request)
