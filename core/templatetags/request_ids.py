from __future__ import annotations

from django import template

from core import request_ids

register = template.Library()


@register.simple_tag
def request_id() -> str:
    """Return the id by which the log knows this request."""
    return request_ids.current()
