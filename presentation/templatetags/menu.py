from __future__ import annotations

from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.simple_tag(takes_context=True)
def current(context: dict[str, Any], path: str, *siblings: str) -> SafeString | str:
    """Return the aria-current attribute of a menu link if it leads to this page or its section.

    `siblings` are paths of the other pages of its section.
    """
    here = context["request"].path if "request" in context else ""
    if here == path:
        return mark_safe(' aria-current="page"')
    is_in_section = here in siblings or here.startswith(
        tuple(f"{one}/" for one in (path, *siblings))
    )
    return mark_safe(' aria-current="true"') if is_in_section else ""
