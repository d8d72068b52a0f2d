from __future__ import annotations

from django import template
from django.conf import settings

register = template.Library()


@register.simple_tag
def product_version() -> str:
    return str(settings.SPECTACULAR_SETTINGS["VERSION"])
