from __future__ import annotations

from typing import Any

from django.contrib import admin

LATEST = 1_000


class RecentValuesFilter(admin.AllValuesFieldListFilter):
    """Offer the values of the latest rows: to find all values, all rows would be read."""

    def __init__(
        self, field: Any, request: Any, params: Any, model: Any, model_admin: Any, field_path: str
    ) -> None:
        super().__init__(field, request, params, model, model_admin, field_path)
        latest = model.objects.order_by("-pk").values("pk")[:LATEST]
        self.lookup_choices = self.lookup_choices.filter(pk__in=latest)
