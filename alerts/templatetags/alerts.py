from __future__ import annotations

from django import template

from accounts.reader import Reader
from alerts.models import Alert

register = template.Library()


@register.simple_tag
def open_alerts(reader: Reader | None) -> int:
    """How many alerts are open that a reader may see."""
    return Alert.objects.open().visible_to(reader).count() if reader else 0
