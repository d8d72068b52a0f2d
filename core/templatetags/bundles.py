"""Link the stylesheets of a page as one file once static files are collected.

{% bundle "css/site.css" %}
<link rel="stylesheet" href="{% static 'css/tokens.css' %}">
<link rel="stylesheet" href="{% static 'css/base.css' %}">
{% endbundle %}
"""

from __future__ import annotations

from django import template
from django.contrib.staticfiles.storage import staticfiles_storage
from django.template.base import NodeList, Parser, Token
from django.template.context import Context
from django.utils.html import format_html

register = template.Library()


class Bundle(template.Node):
    """The links as they are or, if the storage has joined their files, a link to the whole."""

    def __init__(self, name: str, links: NodeList) -> None:
        self.name = name
        self.links = links

    def render(self, context: Context) -> str:
        if not getattr(staticfiles_storage, "has_bundles", False):
            return self.links.render(context)
        url = staticfiles_storage.url(self.name)
        return format_html('<link rel="stylesheet" href="{}">', url)


@register.tag
def bundle(parser: Parser, token: Token) -> Bundle:
    _, name = token.split_contents()
    links = parser.parse(("endbundle",))
    parser.delete_first_token()
    return Bundle(name.strip('"'), links)
