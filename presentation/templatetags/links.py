from __future__ import annotations

from typing import Protocol

from django import template

from presentation.filters import Filters, filters_to

register = template.Library()


class Page(Protocol):
    """A page with filters; `hidden_inputs` are its other parameters, such as its tab."""

    filters: Filters

    @property
    def hidden_inputs(self) -> list[tuple[str, str]]: ...


@register.filter
def to(page: Page, thing: object) -> str:
    """Return the link to the same page filtered to a course, run or module."""
    return page.filters.query_string(**dict(page.hidden_inputs), **filters_to(thing))
