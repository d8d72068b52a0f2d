from __future__ import annotations

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def paragraphs(text: str) -> SafeString:
    """The paragraphs of a docstring; where its lines break in the code means nothing here."""
    blocks = (" ".join(block.split()) for block in text.split("\n\n"))
    return format_html_join("\n", "<p>{}</p>", ((block,) for block in blocks if block))
