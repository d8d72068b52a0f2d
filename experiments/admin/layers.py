"""Layers in the admin."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from experiments.models import Layer


@admin.register(Layer)
class LayerAdmin(admin.ModelAdmin):
    list_display = ("name",)
    search_fields = ("name",)
    fields = ("name", "seed")

    def get_readonly_fields(self, request: HttpRequest, obj: Layer | None = None) -> list[str]:
        """Lock the seed of a stored layer: with another one, units would change their place."""
        return ["seed"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Layer | None = None) -> bool:
        """Keep layers that experiments refer to."""
        is_free = obj is not None and not obj.experiments.exists()
        return is_free and super().has_delete_permission(request, obj)
