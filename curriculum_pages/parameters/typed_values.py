"""What a form says about the values that a parameter can have."""

from __future__ import annotations

from django.utils.translation import gettext

from curriculum.parameters import ParameterDefinition


def range_text(definition: ParameterDefinition) -> str:
    """Return the range, such as 1 to 90 days in steps of 1 day, or the labels to choose from."""
    values = definition.value_type
    if labels := values.labels():
        return ", ".join(labels)
    return gettext("%(minimum)s to %(maximum)s, in steps of %(step)s") % {
        "minimum": values.short(definition.minimum),
        "maximum": values.written(definition.maximum),
        "step": values.short(definition.step),
    }
