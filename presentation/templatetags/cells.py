"""The cells of tables with many figures.

They are written here because a page has hundreds: by templates, 40 modules took 25 ms.
"""

from __future__ import annotations

from django import template
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from presentation.figures import CSS_CLASSES, Figure
from presentation.svg_drawings import Bar

register = template.Library()


@register.filter
def value_cells(figure: Figure) -> SafeString:
    """Write a value with its bar, its interval, the observations and the distance to the target."""
    badge, drawn = figure.row_badge, figure.bar
    marked = f'<span class="badge {figure.status}">{escape(badge)}</span>' if badge else ""
    return mark_safe(  # noqa: S308 - all texts are escaped
        f'<td class="reading-cell"><span class="number">{escape(figure.value)}</span> {marked}'
        f"{bar(drawn) if drawn else ''}</td>\n"
        f'<td class="number">{escape(figure.interval)}</td>\n'
        f'<td class="number">{escape(figure.n)}</td>\n'
        f'<td class="number">{difference(figure)}</td>\n'
    )


@register.filter
def difference(figure: Figure) -> SafeString:
    """Write the distance to the target; nothing if there is nothing to compare."""
    text, is_good = figure.difference, figure.metric_value.meets_target
    if not text:
        return SafeString("")
    return format_html(
        '<span class="{}">{}<span class="visually-hidden"> ({})</span></span>',
        CSS_CLASSES[is_good],
        text,
        _in_words(is_good),
    )


def _in_words(is_good: bool | None) -> str:
    if is_good is None:
        return gettext("too few observations")
    return gettext("target met") if is_good else gettext("target missed")


@register.filter
def bar(drawn: Bar) -> SafeString:
    """Draw a value with its interval and target, on a scale from 0 to 100."""
    spread = f'<rect class="spread" x="{drawn.low}" y="2.75" width="{drawn.spread}" height="2.5"/>'
    target = f'<rect class="target" x="{drawn.target}" y="0" width="0.8" height="8"/>'
    return mark_safe(  # noqa: S308 - only numbers
        '<svg class="bar" viewBox="0 0 100 8" width="100%" height="8" preserveAspectRatio="none"'
        ' aria-hidden="true" focusable="false">\n'
        '  <rect class="track" x="0" y="1" width="100" height="6"/>\n'
        f'  <rect class="length" x="0" y="1" width="{drawn.value}" height="6"/>\n'
        f"  {spread if drawn.spread is not None else ''}\n"
        f"  {target if drawn.target is not None else ''}\n"
        "</svg>\n"
    )
