from __future__ import annotations

from django import template

from accounts.access import Reader
from alerts.models import Alert, AlertRule
from alerts.shipped_rules import display_name

register = template.Library()


@register.simple_tag
def open_alerts(reader: Reader | None) -> int:
    """Count the open alerts that a reader may see."""
    return Alert.objects.open().visible_to(reader).count() if reader else 0


@register.filter
def rule_name(rule: AlertRule) -> str:
    return display_name(rule.name, rule.kpi)
