from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist
from django.http import HttpRequest


class ShownLookups(admin.ModelAdmin):
    """Let the address of a list filter only by what the list shows or offers as a filter.

    Django allows every field of the model, so that `?secret__startswith=a` would spell out, letter
    by letter, what no page shows.
    """

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        if not super().lookup_allowed(lookup, value, request):
            return False
        try:
            field = self.model._meta.get_field(lookup.partition("__")[0])
        except FieldDoesNotExist:
            return True
        return field is self.model._meta.pk or field.name in self._shown(request)

    def _shown(self, request: HttpRequest) -> Iterator[str]:
        yield from map(str, self.get_list_display(request))
        yield self.date_hierarchy or ""
        for one in self.get_list_filter(request):
            path = one[0] if isinstance(one, tuple | list) else one
            name = path if isinstance(path, str) else getattr(path, "parameter_name", "")
            yield str(name).partition("__")[0]
