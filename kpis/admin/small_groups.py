"""Figures in the admin: staff who may not see small groups are readers like any other."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.admin.users import acting_user


def may_see_figures(request: HttpRequest) -> bool:
    """True for who may see figures of groups of any size."""
    return acting_user(request).has_perm("accounts.view_small_groups")


class FiguresOfAnyGroup(admin.ModelAdmin):
    """Rows that are figures, of groups of any size; the API keeps them to the same readers."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) and may_see_figures(request)
