"""Layers in the admin."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from experiments.models import Experiment, Layer


@admin.register(Layer)
class LayerAdmin(admin.ModelAdmin):
    list_display = ("name", "experiment_count", "running_count")
    search_fields = ("name",)
    fields = ("name", "seed")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Layer]:
        is_running = Q(experiments__state=Experiment.State.RUNNING)
        counted: QuerySet[Layer] = (
            super()
            .get_queryset(request)
            .annotate(total=Count("experiments"), running=Count("experiments", filter=is_running))
        )
        return counted

    @admin.display(description=gettext_lazy("experiments"), ordering="total")
    def experiment_count(self, layer: Layer) -> int:
        return int(getattr(layer, "total", 0))

    @admin.display(description=gettext_lazy("running"), ordering="running")
    def running_count(self, layer: Layer) -> int:
        return int(getattr(layer, "running", 0))

    def get_readonly_fields(self, request: HttpRequest, obj: Layer | None = None) -> list[str]:
        """Lock the seed of a stored layer: with another one, units would change their place."""
        return ["seed"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Layer | None = None) -> bool:
        """Keep layers that experiments refer to."""
        is_free = obj is not None and not obj.experiments.exists()
        return is_free and super().has_delete_permission(request, obj)
