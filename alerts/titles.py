"""What an alert is called: its course, module or run, and what its rule says."""

from __future__ import annotations

from django.utils.translation import gettext

from alerts.shipped_rules import display_name


def title_of(scope_name: str, rule_name: str, kpi: str) -> str:
    """Return a title such as "Cloud Operations: Completion rate misses its target".

    A rule that is named after its course, run or module gives the title alone.
    """
    name = display_name(rule_name, kpi, of_one=True)
    if scope_name.casefold() in name.casefold():
        return name
    return gettext("%(scope)s: %(rule)s") % {"scope": scope_name, "rule": name}
