from __future__ import annotations

from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.simple_tag(takes_context=True)
def current(context: dict[str, Any], path: str) -> SafeString | str:
    """Return the aria-current attribute of a menu link if it leads to this page or its section."""
    here = context["request"].path if "request" in context else ""
    if here == path:
        return mark_safe(' aria-current="page"')
    return mark_safe(' aria-current="true"') if here.startswith(f"{path}/") else ""
