from __future__ import annotations

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

register = template.Library()


@register.filter
def paragraphs(text: str) -> SafeString:
    """Format a declaration's docstring as paragraphs, each translated by itself.

    Single line breaks are ignored.
    """
    blocks = (" ".join(block.split()) for block in text.split("\n\n"))
    return format_html_join("\n", "<p>{}</p>", ((gettext(block),) for block in blocks if block))
