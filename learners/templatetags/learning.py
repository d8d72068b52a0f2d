from __future__ import annotations

from django import template
from django.utils.translation import gettext

from core import localized
from kpis.definitions.units import PERCENT

register = template.Library()


@register.filter
def percent(share: float | None) -> str:
    """Write 0.834 as 83%; a dash for None."""
    return PERCENT.text(share, places=0)


@register.filter
def watch_time(seconds: float) -> str:
    """Write 12,000 seconds as 3 h 20 min, and 240 as 4 min."""
    hours, minutes = divmod(round(seconds / 60), 60)
    texts = {"hours": localized.number(hours), "minutes": localized.number(minutes)}
    text = gettext("%(hours)s h %(minutes)s min") if hours else gettext("%(minutes)s min")
    return text % texts
